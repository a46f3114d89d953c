"""Who plays a role in a claim: the method itself, never a variant."""

from dataclasses import replace

import pytest
from claim_results import FACTS

from iass.reporting.claims.claim import read_claims
from iass.reporting.claims.roles import find_method
from iass.reporting.claims.verdict import NotRunError
from iass.reporting.job import MethodFacts

ROLES = read_claims().roles


def _find(role: str, **entries: MethodFacts) -> str:
    return find_method(role, ROLES, list(entries), entries)


def test_every_claim_names_roles_data_and_a_test_that_exist() -> None:
    claims = read_claims()
    assert [claim.id for claim in claims.claims] == [f"C{number}" for number in range(1, 10)]
    for claim in claims.claims:
        named = {*claim.methods, *(role for pair in claim.pairs for role in pair)}
        assert named <= set(claims.roles)
        assert set(claim.data) <= set(claims.data)


def test_a_role_is_filled_by_module_whatever_the_method_is_called() -> None:
    assert _find("iass", mine=FACTS["iass"], ibm=FACTS["ibm"]) == "mine"


def test_of_several_variants_the_one_named_as_the_module_fills_the_role() -> None:
    wide = replace(FACTS["iass"], options={"gate": "hard", "hop": 512})
    assert _find("iass", wide=wide, iass=FACTS["iass"]) == "iass"
    with pytest.raises(NotRunError, match=r"several methods are method of module iass.*: wide, b"):
        _find("iass", wide=wide, b=FACTS["iass"])


def test_a_method_without_the_gate_is_not_iass() -> None:
    with pytest.raises(NotRunError, match="no method of module iass with gate: hard"):
        _find("iass", iass=FACTS["ungated"])


def test_the_ungated_twin_must_be_trained_as_iass_is() -> None:
    twin = FACTS["ungated"]
    assert _find("ungated", iass=FACTS["iass"], twin=twin) == "twin"
    for other in (
        replace(twin, train={"steps": 8}),
        replace(twin, options={"gate": "none", "hop": 512}),
    ):
        with pytest.raises(NotRunError, match="trained alike"):
            _find("ungated", iass=FACTS["iass"], twin=other)
