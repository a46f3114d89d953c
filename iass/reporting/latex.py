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
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str,
    label: str,
    size: str = "",
    first: str = "l",
) -> str:
    """Return a LaTeX table over two columns with booktabs rules; all text is already LaTeX.

    What is wider than the page is made smaller until it fits. `size` is a command for another size
    of the letters, `first` the kind of the first column.
    """
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table*}[t]",
        r"\centering",
        r"\setlength{\tabcolsep}{4pt}",  # seven targets fit into the 469 points of an article
        r"\setlength{\belowcaptionskip}{6pt}",  # article leaves no room above a table
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        r"\sbox0{%",
        *([size] if size else []),
        rf"\begin{{tabular}}{{{first}{'c' * (len(header) - 1)}}}",
        r"\toprule",
        _join_row(header),
        r"\midrule",
        *(_join_row(row) for row in rows),
        r"\bottomrule",
        r"\end{tabular}}%",
        r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _join_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
