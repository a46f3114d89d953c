import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from iass.foundation.config import Config
from iass.foundation.config_reference import describe_config
from iass.preparation.manifest import Manifest

ROOT = Path(__file__).parents[1]


def test_the_committed_page_is_what_the_schema_says() -> None:
    assert (ROOT / "config" / "README.md").read_text("utf-8") == describe_config()


@pytest.mark.parametrize(("name", "model"), [("config", Config), ("manifest", Manifest)])
def test_the_committed_schema_is_what_the_code_checks(name: str, model: type[BaseModel]) -> None:
    path = ROOT / "workflow" / "schemas" / f"{name}.schema.json"
    assert json.loads(path.read_text("utf-8")) == model.model_json_schema()


def test_every_key_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", describe_config(), flags=re.MULTILINE)
    assert len(rows) > 30
    assert [key for key, meaning in rows if len(meaning) < 15 or meaning == "None"] == []
