from __future__ import annotations

import pytest
from siwe import SiweMessage

from attache.errors import BadInput
from attache.wallets.sign_in import SignIn, domain_for, nonce_of

ADDRESS = "0xEA674fdDe714fd979de3EdF0F56AA9716B898ec8"
ISSUED = 1_800_000_000_000


def asked(domain: str = "api.shop.example") -> SignIn:
    return SignIn(domain, ADDRESS, "0123456789abcdef", ISSUED, ISSUED + 600_000)


@pytest.mark.parametrize("domain", ["api.shop.example", "127.0.0.1:8000", "localhost:3000", "[::1]:8000"])
def test_other_implementations_read_the_message_as_it_is_meant(domain: str) -> None:
    read = SiweMessage.from_message(asked(domain).text)
    assert read.prepare_message() == asked(domain).text
    assert (read.domain, read.address, read.nonce, read.chain_id) == (domain, ADDRESS, "0123456789abcdef", 1)
    assert str(read.issued_at) == "2027-01-15T08:00:00.000Z"
    assert str(read.expiration_time) == "2027-01-15T08:10:00.000Z"
    assert read.version == "1"


def test_a_page_on_this_machine_needs_no_certificate() -> None:
    assert "URI: http://localhost:3000\n" in asked("localhost:3000").text
    assert "URI: https://localhost.example\n" in asked("localhost.example").text


def test_the_nonce_is_found_in_a_message() -> None:
    assert nonce_of(asked().text) == "0123456789abcdef"
    for text in ("", "Nonce: short", "nonce: 0123456789abcdef", asked().text.replace("Nonce: ", "Nonce:")):
        assert nonce_of(text) is None


OURS = ("app.shop.example", "admin.shop.example:8443")


@pytest.mark.parametrize(
    ("origin", "ours", "domain"),
    [
        ("", (), "api.shop.example"),
        ("https://evil.example", (), "api.shop.example"),
        ("", OURS, "app.shop.example"),
        ("https://app.shop.example", OURS, "app.shop.example"),
        ("https://Admin.shop.example:8443", OURS, "admin.shop.example:8443"),
        ("https://admin.shop.example", OURS, "app.shop.example"),
        ("https://evil.example", OURS, "app.shop.example"),
        ("https://app.shop.example.evil.example", OURS, "app.shop.example"),
        ("null", OURS, "app.shop.example"),
    ],
)
def test_who_asks_is_a_frontend_that_the_operator_named_or_the_api(
    origin: str, ours: tuple[str, ...], domain: str
) -> None:
    assert domain_for("API.shop.example", origin, ours) == domain


@pytest.mark.parametrize("host", ["", "a b", "a\nb", "evil.example/", "user@host", "x" * 300])
def test_a_host_that_is_none_is_in_no_message(host: str) -> None:
    with pytest.raises(BadInput):
        domain_for(host, "", ())
