"""Lists of names in an option's value."""


def split_names(text: str) -> list[str]:
    """Return names that commas separate, each once; none from an empty text."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
