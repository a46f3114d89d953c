"""Tables of results as CSV, Markdown, LaTeX and plain text."""
