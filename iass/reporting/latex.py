"""LaTeX text from plain text, and the result table in LaTeX."""

from collections.abc import Sequence

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    **{character: "\\" + character for character in "&%$#_{}"},
}


def escape_latex(text: str) -> str:
    """Return `text` so that LaTeX prints it as it stands; letters beyond ASCII pass through."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def format_booktabs(
    header: Sequence[str], rows: Sequence[Sequence[str]], caption: str, label: str, size: str = ""
) -> str:
    """Return a LaTeX table over two columns with booktabs rules; all text is already LaTeX.

    It needs the package booktabs. `size` is a command for another size of the letters.
    """
    lines = [
        r"\begin{table*}[t]",
        r"\centering",
        r"\setlength{\tabcolsep}{4pt}",  # seven targets fit into the 469 points of an article
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        *([size] if size else []),
        rf"\begin{{tabular}}{{l{'c' * (len(header) - 1)}}}",
        r"\toprule",
        _join_row(header),
        r"\midrule",
        *(_join_row(row) for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _join_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
