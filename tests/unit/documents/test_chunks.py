"""How documents are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attache.documents.chunks import GOAL, LEAST, MOST, passages_of, tokens
from attache.documents.passage import Block, Passage, Reading

SENTENCE = "The fee of a withdrawal is a fixed amount of its coin. "


def cut(*blocks: Block, path: str = "help/the-fees.md", title: str | None = None) -> tuple[Passage, ...]:
    return passages_of("shop", path, Reading(title, blocks))


def test_short_paragraphs_below_one_heading_are_one_passage() -> None:
    (passage,) = cut(Block("One.", ("A",), 3), Block("Two.", ("A",), 4), title="T")
    assert passage == Passage("shop", "help/the-fees.md", 0, "T", ("A",), "One.\n\nTwo.", 3)


def test_another_heading_begins_another_passage() -> None:
    passages = cut(Block("One.", ("A",)), Block("Two.", ("A", "B")), Block("Three.", ("A",)))
    assert [(each.position, each.headings, each.text) for each in passages] == [
        (0, ("A",), "One."),
        (1, ("A", "B"), "Two."),
        (2, ("A",), "Three."),
    ]


def test_a_document_without_a_title_is_called_after_its_file() -> None:
    assert cut(Block("x"))[0].title == "the fees"


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    passages = cut(Block(SENTENCE * 100))
    assert len(passages) > 2
    assert all(tokens(each.text) <= MOST for each in passages)
    assert all(tokens(each.text) >= 300 for each in passages[:-1])
    assert all(each.text.startswith("The fee") and each.text.endswith("coin.") for each in passages)
    assert " ".join(each.text for each in passages).split() == (SENTENCE * 100).split()


def test_many_paragraphs_are_put_together_up_to_the_goal() -> None:
    passages = cut(*(Block(f"{number}. " + SENTENCE * 4) for number in range(40)))
    assert all(300 <= tokens(each.text) <= MOST for each in passages[:-1])


def test_a_rest_is_not_left_alone() -> None:
    passages = cut(Block("x" * 4 * GOAL), Block("The end."))
    assert len(passages) == 1
    assert passages[0].text.endswith("\n\nThe end.")
    assert tokens("The end.") < LEAST


blocks = st.lists(
    st.builds(Block, st.text(min_size=1, max_size=6_000), st.sampled_from([(), ("A",), ("A", "B")])), max_size=6
)


@given(blocks)
def test_nothing_is_lost_nothing_is_too_long_and_each_cut_is_the_same_again(given_blocks: list[Block]) -> None:
    passages = cut(*given_blocks)
    assert "".join("".join(each.text.split()) for each in passages) == "".join(
        "".join(block.text.split()) for block in given_blocks
    )
    assert all(tokens(each.text) <= MOST for each in passages)
    assert [each.position for each in passages] == list(range(len(passages)))
    assert passages == cut(*given_blocks)
