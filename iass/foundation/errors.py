"""The one exception that a user is meant to read."""


class UserError(Exception):
    """One sentence: what is wrong, where, and what to do about it. The CLI prints it, no traceback."""
