"""A page of headings, text and tables, as Markdown for files and as HTML for the report.

Text may hold `code` and **bold**, nothing else.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

from iass.foundation.files import write_text

_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;font-size:13px}"
    "th,td{text-align:left;vertical-align:top;padding:.25em .7em;border-bottom:1px solid #ccc}"
    ".wide{overflow-x:auto}td>strong{white-space:nowrap}"
)


@dataclass(frozen=True)
class Heading:
    """A title; level 1 is the page's."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list without order."""

    items: Sequence[str]


@dataclass(frozen=True)
class Grid:
    """A table; every row is as long as the header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Bullets | Grid


def write_page(blocks: Sequence[Block], stem: Path) -> None:
    """Write `stem`.md and `stem`.html, atomically."""
    write_text(stem.with_name(f"{stem.name}.md"), format_markdown(blocks))
    write_text(stem.with_name(f"{stem.name}.html"), format_html(blocks))


def format_markdown(blocks: Iterable[Block]) -> str:
    """Return the page in Markdown."""
    return "\n".join(_to_markdown(block) for block in blocks)


def format_html(blocks: Sequence[Block]) -> str:
    """Return the page as one HTML file without links to others; its title is its first heading."""
    title = next(block.text for block in blocks if isinstance(block, Heading))
    head = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n"
    )
    return head + "\n".join(_to_html(block) for block in blocks) + "\n</html>\n"


@singledispatch
def _to_markdown(block: Block) -> str:
    raise TypeError(f"{type(block).__name__} is no block")


@_to_markdown.register
def _(block: Heading) -> str:
    return f"{'#' * block.level} {block.text}\n"


@_to_markdown.register
def _(block: Paragraph) -> str:
    return f"{block.text}\n"


@_to_markdown.register
def _(block: Bullets) -> str:
    return "".join(f"- {item}\n" for item in block.items)


@_to_markdown.register
def _(block: Grid) -> str:
    rows = (block.header, [":--"] * len(block.header), *block.rows)
    return "".join(f"| {' | '.join(map(_escape_cell, row))} |\n" for row in rows)


def _escape_cell(text: str) -> str:
    """Return a cell's text without what would end the cell or the row."""
    return " ".join(text.replace("|", "\\|").split())


@singledispatch
def _to_html(block: Block) -> str:
    raise TypeError(f"{type(block).__name__} is no block")


@_to_html.register
def _(block: Heading) -> str:
    return f"<h{block.level}>{_format_inline(block.text)}</h{block.level}>"


@_to_html.register
def _(block: Paragraph) -> str:
    return f"<p>{_format_inline(block.text)}</p>"


@_to_html.register
def _(block: Bullets) -> str:
    return f"<ul>{''.join(f'<li>{_format_inline(item)}</li>' for item in block.items)}</ul>"


@_to_html.register
def _(block: Grid) -> str:
    head = "".join(f'<th scope="col">{_format_inline(name)}</th>' for name in block.header)
    body = "".join(_format_row(row) for row in block.rows)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}</table></div>'


def _format_row(row: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{_format_inline(cell)}</td>' for cell in row)}</tr>\n"


def _format_inline(text: str) -> str:
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)
