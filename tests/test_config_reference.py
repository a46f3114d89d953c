import json
import re
from pathlib import Path

from iass.foundation.config_reference import describe_config, make_schema

ROOT = Path(__file__).parents[1]


def test_the_committed_page_is_what_the_schema_says() -> None:
    assert (ROOT / "config" / "README.md").read_text("utf-8") == describe_config()


def test_the_committed_schema_is_what_the_code_checks() -> None:
    path = ROOT / "workflow" / "schemas" / "config.schema.json"
    assert json.loads(path.read_text("utf-8")) == make_schema()


def test_every_key_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", describe_config(), flags=re.MULTILINE)
    assert len(rows) > 30
    assert [key for key, meaning in rows if len(meaning) < 15 or meaning == "None"] == []
