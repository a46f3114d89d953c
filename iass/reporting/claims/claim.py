"""The claims as data: claims.yaml, checked on reading."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("claims.yaml")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(_Closed):
    """Who a claim speaks of: a method of `module` with at least these `options`.

    `like` names a role that it may differ from in these options only.
    """

    module: str
    options: dict[str, Any] = {}
    like: str | None = None


class Claim(_Closed):
    """One claim; `test` names a file in checks/, which says what of the other fields it reads."""

    id: str
    text: str
    data: list[str]
    test: str
    pairs: list[tuple[str, str]] = []
    methods: list[str] = []
    targets: list[str] = []
    harder: list[str] = []


class Claims(_Closed):
    """The whole file: claims, the roles in them, and what to call the data they are about."""

    source: str
    data: dict[str, str]
    roles: dict[str, Role]
    claims: list[Claim]


def read_claims(path: Path = FILE) -> Claims:
    """Read the claims of the paper."""
    return Claims.model_validate(yaml.safe_load(path.read_text("utf-8")))
