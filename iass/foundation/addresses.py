"""Addresses of downloads: which can be used, and how they are shown without what is secret."""

from urllib.parse import urlsplit

from iass.foundation.errors import UserError


def check_address(url: str, where: str) -> None:
    """UserError that names `where`, not the address, unless it is of HTTP and has a host."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise UserError(f"{where} is no address that starts with https:// or http:// and a host.")


def check_mirror(url: str, where: str) -> None:
    """UserError as in `check_address`, and if it holds a user name or a password: jobs log it."""
    check_address(url, where)
    if "@" in url:
        raise UserError(
            f"{where} holds a user name or a password, which every log would show; put them into "
            "~/.netrc, where downloads find them by the host, and leave the plain address."
        )


def show_address(url: str) -> str:
    """Return an address without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
