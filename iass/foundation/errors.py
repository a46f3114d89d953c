"""The exceptions that a user is meant to read."""


class UserError(Exception):
    """One sentence: what is wrong, where, and what to do. The CLI prints it without traceback."""


class DiskFullError(UserError):
    """There is no room: what else there is to do would meet the same."""
