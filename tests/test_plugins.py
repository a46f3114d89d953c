import pytest

from iass.foundation.config import DatasetEntry, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.method import Command
from iass.foundation.plugins import load_card, load_method


def test_a_method_is_found_by_its_name() -> None:
    method = load_method("ibm", MethodEntry(kind="oracle", options={"exponent": 2.0}))
    assert type(method).__module__ == "baselines.ibm"
    assert vars(method)["exponent"] == 2.0


def test_a_variant_names_the_file_it_varies() -> None:
    method = load_method("ibm2", MethodEntry(kind="oracle", module="ibm"))
    assert type(method).__module__ == "baselines.ibm"


def test_a_command_needs_no_file() -> None:
    assert load_method(
        "anything", MethodEntry(kind="command", command="cp {mixture} {output}")
    ) == Command("cp {mixture} {output}")


def test_a_competitor_cannot_call_itself_an_oracle_nor_the_reverse() -> None:
    with pytest.raises(UserError, match=r"methods\.ibm\.kind is 'bound'.*kind 'oracle'"):
        load_method("ibm", MethodEntry(kind="bound"))


def test_a_card_is_found_by_its_name() -> None:
    assert load_card("falcon69", DatasetEntry()).protocol == "joint"
