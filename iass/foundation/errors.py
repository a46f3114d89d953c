"""The one exception that a user is meant to read."""


class UserError(Exception):
    """One sentence: what is wrong, where, and what to do. The CLI prints it without traceback."""
