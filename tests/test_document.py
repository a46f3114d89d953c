"""A page as Markdown and as HTML."""

from html.parser import HTMLParser
from pathlib import Path

from iass.reporting.document import (
    Bullets,
    Grid,
    Heading,
    Paragraph,
    format_html,
    format_markdown,
    write_page,
)

PAGE = [
    Heading(1, "A & B"),
    Paragraph("**Mind** the `gap` <here>."),
    Grid(["name", "n"], [["a | b\nc", "1"], ["Öje", "**2**"]]),
    Bullets(["one", "two"]),
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_markdown_has_every_block_and_cells_end_no_row() -> None:
    assert format_markdown(PAGE) == (
        "# A & B\n\n**Mind** the `gap` <here>.\n\n| name | n |\n| :-- | :-- |\n"
        "| a \\| b c | 1 |\n| Öje | **2** |\n\n- one\n- two\n"
    )


def test_html_is_balanced_escaped_and_titled() -> None:
    page, reader = format_html(PAGE), _Reader()
    reader.feed(page)
    assert not reader.open
    assert "<title>A &amp; B</title>" in page
    assert "<strong>Mind</strong> the <code>gap</code> &lt;here&gt;." in page
    assert {"name", "n", "Öje", "one", "two"} <= set(reader.text)
    assert "http" not in page


def test_both_are_written(tmp_path: Path) -> None:
    write_page(PAGE, tmp_path / "a.page")
    assert {path.name for path in tmp_path.iterdir()} == {"a.page.md", "a.page.html"}
