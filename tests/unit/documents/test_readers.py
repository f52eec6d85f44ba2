"""What is read of documents, kind by kind, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from attache.documents.passage import Reading, Unreadable
from attache.documents.readers import read_document
from tests.unit.documents.pdfs import encrypted, pdf, with_outline


def told(reading: Reading) -> list[tuple[tuple[str, ...], str]]:
    return [(block.headings, block.text) for block in reading.blocks]


def test_markdown_is_blocks_below_its_headings() -> None:
    text = b"# Fees\n\nAll of them.\n\n## Trading ##\nMaker\nand taker.\n\n- one\n- two\n\n### Big\nLess.\n\n"
    reading = read_document("fees.md", text + b"Under\n-----\nEnd.\n")
    assert reading.title == "Fees"
    assert told(reading) == [
        ((), "All of them."),
        (("Trading",), "Maker\nand taker."),
        (("Trading",), "- one\n- two"),
        (("Trading", "Big"), "Less."),
        (("Under",), "End."),
    ]


def test_what_stands_in_a_code_fence_is_no_heading() -> None:
    reading = read_document("a.md", b"## Use\n```sh\n# a comment\n\nmake\n```\nafter\n~~~\n## no\n")
    assert told(reading) == [(("Use",), "```sh\n# a comment\n\nmake\n```\nafter\n~~~\n## no")]


def test_front_matter_says_the_title_and_is_no_text() -> None:
    reading = read_document("a.md", b'---\ntitle: "The terms"\ntags: x\n---\nText.\n')
    assert (reading.title, told(reading)) == ("The terms", [((), "Text.")])
    assert told(read_document("a.md", b"---\nno end\n"))[0][1] == "---\nno end"


def test_text_is_its_paragraphs() -> None:
    assert told(read_document("a.txt", b"Eins.\r\n\r\n\r\nZwei\r\n drei.")) == [((), "Eins."), ((), "Zwei\n drei.")]
    assert told(read_document("a.txt", "héllo".encode("utf-16"))) == [((), "héllo")]
    assert told(read_document("a.txt", b"\xef\xbb\xbfwith a mark")) == [((), "with a mark")]


def test_html_is_what_a_reader_sees_of_it() -> None:
    page = b"""<!doctype html><html><head><title>Help</title><style>p{}</style></head><body><nav>Home</nav>
      <h1>Order types</h1><p>Market &amp; <b>limit</b>
      orders.</p><script>alert(1)</script><h2>Fees</h2><table><tr><th>Order<th>Fee</tr><tr><td>Limit</td><td>0.1&nbsp;%</td></tr></table>
      <ul><li>one<li>two</ul><pre>a
  b</pre><p>unclosed"""
    reading = read_document("a.html", page)
    assert reading.title == "Order types"
    assert told(reading) == [
        ((), "Market & limit orders."),
        (("Fees",), "Order | Fee\nLimit | 0.1 %"),
        (("Fees",), "- one\n- two"),
        (("Fees",), "a\n  b"),
        (("Fees",), "unclosed"),
    ]


def test_a_page_without_a_heading_has_the_title_of_its_head() -> None:
    assert read_document("a.htm", b"<title>Help</title>x").title == "Help"


def test_a_page_in_the_charset_that_it_says() -> None:
    page = '<meta charset="windows-1252"><p>Gebühr'.encode("windows-1252")
    assert told(read_document("a.html", page)) == [((), "Gebühr")]


def test_a_pdf_is_its_pages_below_its_outline() -> None:
    reading = read_document("a.pdf", with_outline([("Terms", "First page."), ("Fees", "Second page.")]))
    assert [(block.headings, block.text, block.page) for block in reading.blocks] == [
        (("Terms",), "First page.", 1),
        (("Fees",), "Second page.", 2),
    ]


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b" \n\t", "empty"),
        ("a.md", b"## only a heading\n", "no text"),
        ("a.md", b"caf\xe9", "not UTF-8 text (byte 3)"),
        ("a.txt", b"a\x00b", "zero bytes"),
        ("a.txt", b"%PDF-1.7 ...", "name it .pdf"),
        ("a.html", b"PK\x03\x04...", "zip"),
        ("a.html", b'<meta charset="klingon">\xff', "klingon"),
        ("a.html", b"<script>never closed, nothing seen", "no text"),
        ("a.pdf", b"<html>", "no PDF"),
        ("a.pdf", b"%PDF-1.7\nnothing of it", "damaged"),
        ("a.pdf", pdf([""]), "no text, as scans"),
        ("a.pdf", encrypted(pdf(["Secret."]), "password"), "password"),
        ("a.docx", b"x", "no document"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_do(path: str, content: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_document(path, content)
    assert why in str(raised.value)


def test_a_pdf_that_only_forbids_printing_is_read() -> None:
    assert told(read_document("a.pdf", encrypted(pdf(["Open."]), "")))[0][1] == "Open."


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("# One", "One"),
        ("#\tOne ##", "One"),
        ("   ## C# ", "C#"),
        ("#One", None),
        ("    # code", None),
        ("####### seven", None),
        ("# " + "#" * 200_000, ""),
        ("##" + " " * 200_000 + "x", "x"),
    ],
)
def test_what_is_a_heading(line: str, heading: str | None) -> None:
    headings = read_document("a.md", f"# Title\n{line}\n\nText.\n".encode()).blocks[-1].headings
    assert headings == ((heading,) if heading else ())


def test_deep_nesting_ends_nothing() -> None:
    assert read_document("a.html", b"<div>" * 100_000 + b"deep" + b"</div>" * 5).blocks[0].text == "deep"
    assert read_document("a.md", b">" * 100_000 + b" deep").blocks
