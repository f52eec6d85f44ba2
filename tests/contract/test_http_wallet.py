"""Proof of a wallet, signed by a wallet of another library than ours, and what it opens."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from siwe import SiweMessage

from tests.contract.service import Running
from tests.contract.test_http_bad_input import refused, untouched
from tests.unit.wallets.wallet import Wallet


@pytest.fixture(scope="module")
def proving(running: Running) -> Iterator[httpx.Client]:
    """The service where wallets must be proven."""
    with httpx.Client(base_url=running.proving, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def wallet() -> Wallet:
    return Wallet()


def asked(http: httpx.Client, wallet: Wallet, **headers: str) -> str:
    answer = http.get("/api/wallet/nonce", params={"public_key": wallet.address.lower()}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"nonce", "message"}
    assert f"\nNonce: {answer.json()['nonce']}\n" in answer.json()["message"]
    return str(answer.json()["message"])


def verify(http: httpx.Client, message: str, signature: str) -> httpx.Response:
    return http.post("/api/wallet/verify", json={"message": message, "signature": signature})


def token(http: httpx.Client, wallet: Wallet) -> str:
    message = asked(http, wallet)
    answer = verify(http, message, wallet.sign(message))
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"wallet_token", "expires_at"}
    assert answer.json()["expires_at"].endswith("Z")
    return str(answer.json()["wallet_token"])


def bind(http: httpx.Client, wallet: Wallet, **headers: str) -> httpx.Response:
    session = {"X-Session-Id": str(uuid4())}
    return http.post("/api/sessions", headers={**session, **headers}, json={"public_key": wallet.address})


def listed(http: httpx.Client, wallet: Wallet, **headers: str) -> httpx.Response:
    return http.get("/api/sessions", params={"public_key": wallet.address}, headers=headers)


def chat(http: httpx.Client, session_id: str, **params: str) -> httpx.Response:
    token = params.pop("token", None)
    key = params.pop("key", None)
    headers = {"X-Session-Id": session_id, "X-Wallet-Token": token, "X-API-Key": key}
    sent = {name: value for name, value in headers.items() if value is not None}
    return http.post("/api/chat", params={"message": "hi", **params}, headers=sent)


def test_who_signs_in_binds_and_lists(proving: httpx.Client, wallet: Wallet) -> None:
    proof = {"X-Wallet-Token": token(proving, wallet)}
    made = bind(proving, wallet, **proof)
    assert made.json()["created"] is True
    (item,) = listed(proving, wallet, **proof).json()
    assert item == {"session_id": made.json()["session_id"], "title": "New chat", "is_archived": False}


def test_the_message_is_a_sign_in_with_ethereum_for_the_host_that_was_called(
    proving: httpx.Client, wallet: Wallet
) -> None:
    read = SiweMessage.from_message(asked(proving, wallet, Origin="https://evil.example"))
    assert read.domain == proving.base_url.netloc.decode()
    assert str(read.uri) == f"http://{read.domain}"
    assert (read.address, read.chain_id) == (wallet.address, 1)


def test_without_a_proof_there_is_neither_binding_nor_list(proving: httpx.Client, wallet: Wallet) -> None:
    others = token(proving, Wallet())
    for headers in ({}, {"X-Wallet-Token": others}, {"X-Wallet-Token": "wt_forged"}, {"X-Wallet-Token": others[:-1]}):
        assert "sign in" in refused(bind(proving, wallet, **headers), 401).lower()
        assert "sign in" in refused(listed(proving, wallet, **headers), 401).lower()
    assert listed(proving, wallet, **{"X-Wallet-Token": token(proving, wallet)}).json() == []


@pytest.mark.parametrize("sent", [{"params": {"message": "hi"}}, {"json": {"text": "hi"}}])
def test_a_chat_binds_with_a_proof_only(proving: httpx.Client, wallet: Wallet, sent: dict[str, Any]) -> None:
    session = {"X-Session-Id": str(uuid4())}
    params = {"public_key": wallet.address, **sent.get("params", {})}
    refused(proving.post("/api/chat", **{**sent, "params": params, "headers": session}), 401)
    untouched(proving, session)
    proof = {"X-Wallet-Token": token(proving, wallet)}
    assert proving.post("/api/chat", **{**sent, "params": params, "headers": session | proof}).status_code == 200
    (item,) = listed(proving, wallet, **proof).json()
    assert item["session_id"] == session["X-Session-Id"]


def test_a_wallet_is_proven_once_a_session(proving: httpx.Client, wallet: Wallet) -> None:
    """Clients name it with every message; tokens expire in the middle of conversations."""
    session_id = str(uuid4())
    assert chat(proving, session_id, public_key=wallet.address, token=token(proving, wallet)).status_code == 200
    assert chat(proving, session_id, public_key=wallet.address.lower()).status_code == 200
    refused(chat(proving, session_id, public_key=Wallet().address), 401)
    assert chat(proving, session_id).status_code == 200


def test_a_session_that_is_there_is_made_again_without_a_proof(proving: httpx.Client, wallet: Wallet) -> None:
    """Clients make theirs whenever a page is loaded, with an old token gone; nothing is bound then."""
    session = {"X-Session-Id": str(uuid4())}
    proof = {"X-Wallet-Token": token(proving, wallet)}
    for headers, named, created in ((proof, wallet, True), ({}, wallet, False), ({}, Wallet(), False)):
        answer = proving.post("/api/sessions", headers=session | headers, json={"public_key": named.address})
        assert (answer.status_code, answer.json().get("created")) == (200, created)
    assert [each["session_id"] for each in listed(proving, wallet, **proof).json()] == [session["X-Session-Id"]]


def test_a_message_is_used_once(proving: httpx.Client, wallet: Wallet) -> None:
    message = asked(proving, wallet)
    signature = wallet.sign(message)
    assert verify(proving, message, signature).status_code == 200
    assert "used before" in refused(verify(proving, message, signature), 401)


def test_of_several_at_once_one_gets_a_token(proving: httpx.Client, wallet: Wallet) -> None:
    message = asked(proving, wallet)
    signature = wallet.sign(message)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: verify(proving, message, signature).status_code, range(6)))
    assert sorted(answers) == [200] + 5 * [401]


def test_only_the_message_as_it_was_issued_counts(proving: httpx.Client, wallet: Wallet) -> None:
    message = asked(proving, wallet)
    for changed in (message.replace("Chain ID: 1", "Chain ID: 5"), f"evil.example{message[message.index(' wants') :]}"):
        assert "to the letter" in refused(verify(proving, changed, wallet.sign(changed)), 400)
    assert "address" in refused(verify(proving, message, Wallet().sign(message)), 401)
    assert verify(proving, message, wallet.sign(message)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": "hi"},
        {"message": "hi", "signature": "0x00"},
        {"message": 5, "signature": "0x" + "00" * 65},
        {"message": "hi", "signature": "0x" + "00" * 65},
        {"message": "x" * 4_001, "signature": "0x" + "00" * 65},
    ],
)
def test_what_is_no_sign_in_is_refused(proving: httpx.Client, body: dict[str, Any]) -> None:
    refused(proving.post("/api/wallet/verify", json=body), 400)


def test_a_contract_wallet_is_told_that_it_cannot_be_proven(proving: httpx.Client, wallet: Wallet) -> None:
    assert "Contract wallets" in refused(verify(proving, asked(proving, wallet), "0x" + "ab" * 400), 400)


@pytest.mark.parametrize(
    "public_key",
    ["", "0x12", "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV", "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"],
)
def test_only_an_ethereum_address_can_be_proven(proving: httpx.Client, public_key: str) -> None:
    refused(proving.get("/api/wallet/nonce", params={"public_key": public_key}), 400)


def test_where_no_proof_is_asked_for_one_may_be_given(http: httpx.Client, wallet: Wallet) -> None:
    bind(http, wallet)
    proof = {"X-Wallet-Token": token(http, wallet)}
    bind(http, wallet, **proof)
    assert len(listed(http, wallet).json()) == len(listed(http, wallet, **proof).json()) == 2
    refused(listed(http, wallet, **{"X-Wallet-Token": "wt_forged"}), 401)
    refused(listed(http, Wallet(), **proof), 401)


def prompted(running: Running, message: str) -> str:
    """All that the model was shown with this message."""
    asked = [request.body["messages"] for request in running.provider.requests if message in str(request.body)]
    (messages,) = [each for each in asked if each[-1]["content"] == message]
    return "\n".join(str(each["content"]) for each in messages)


def talk(http: httpx.Client, running: Running, wallet: Wallet, **more: str) -> str:
    """What the model is shown in a new session of the wallet's."""
    message = f"say {uuid4()}"
    assert chat(http, str(uuid4()), message=message, public_key=wallet.address, **more).status_code == 200
    return prompted(running, message)


def titled(http: httpx.Client, wallet: Wallet, title: str, **more: str) -> str:
    session_id = str(uuid4())
    assert chat(http, session_id, public_key=wallet.address, **more).status_code == 200
    assert http.patch(f"/api/sessions/{session_id}", json={"title": title}).status_code == 200
    return session_id


def test_the_assistant_knows_of_the_proven_wallets_other_sessions_in_this_app_and_of_no_others(
    proving: httpx.Client, running: Running, wallet: Wallet
) -> None:
    proof, other = token(proving, wallet), Wallet()
    in_shop = {"app": "shop", "key": running.keys.shop}
    titled(proving, wallet, "Kites", token=proof)
    titled(proving, wallet, "Shopping", token=proof, **in_shop)
    titled(proving, other, "Theirs", token=token(proving, other))
    archived = titled(proving, wallet, "Archived", token=proof)
    proving.post(f"/api/sessions/{archived}/archive")
    proving.delete(f"/api/sessions/{titled(proving, wallet, 'Deleted', token=proof)}")
    shown = {name: talk(proving, running, wallet, token=proof, **where) for name, where in
             {"default": {}, "shop": in_shop}.items()}  # fmt: skip
    titles = ("Kites", "Shopping", "Theirs", "Archived", "Deleted")
    assert {name: [title for title in titles if title in text] for name, text in shown.items()} == {
        "default": ["Kites"],
        "shop": ["Shopping"],
    }


def test_without_a_proof_the_assistant_is_told_of_no_other_session(
    http: httpx.Client, running: Running, wallet: Wallet
) -> None:
    """And what was bound without one is told to nobody: anybody may have bound it."""
    proof = token(http, wallet)
    titled(http, wallet, "Proven", token=proof)
    titled(http, wallet, "Planted by a stranger")
    assert "Proven" not in talk(http, running, wallet)
    shown = talk(http, running, wallet, token=proof)
    assert "Proven" in shown
    assert "Planted" not in shown
