"""What the plan hands to the pages over all experiments, and which files they are."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from projects import ROOT, TINY

from baselines.iass import Method as Iass
from iass.foundation import plugins
from iass.foundation.config import Claims
from iass.foundation.train_settings import TrainSettings
from iass.plan import declared
from iass.plan.declared import find_defaults
from iass.plan.driver import Plan, make_plan
from iass.reporting.claims.claim import read_claims
from iass.reporting.claims.roles import find_method
from iass.reporting.job import ReportJob, parse_job


def _plan(**changes: Any) -> Plan:
    raw = copy.deepcopy(TINY) | changes
    return make_plan(raw, "x")


def _job(plan: Plan) -> ReportJob:
    return parse_job(plan.params.report_job(None))  # type: ignore[arg-type]


def _open(name: str) -> Plan:
    path = ROOT / "config" / name
    return make_plan(yaml.safe_load(path.read_text("utf-8")), str(path))


def test_defaults_are_read_without_importing_the_method() -> None:
    defaults = find_defaults("baselines.iass", "Method")
    assert defaults == vars(Iass())
    assert find_defaults("baselines.ibm", "Method")["exponent"] == 1.0
    assert find_defaults("baselines.input_mixture", "Method") == {}
    assert find_defaults("baselines.ibm", "Nothing") == {}


def test_defaults_of_a_base_class_count_and_are_overridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "ibm.py").write_text(
        "class Method:\n    exponent: float = 1.0\n    n_fft: int = 2048\n"
    )
    (tmp_path / "baselines" / "mine.py").write_text(
        "from baselines import ibm\n\n\nclass Method(ibm.Method):\n    exponent: float = 2.0\n"
    )
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    assert find_defaults("baselines.mine", "Method") == {"exponent": 2.0, "n_fft": 2048}


def test_a_job_has_every_option_and_what_trains_it() -> None:
    job = _job(_plan())
    assert job.margin_db == Claims().margin_db == 0.5
    iass = job.methods["iass"]
    assert (iass.kind, iass.module) == ("trained", "iass")
    assert (iass.options["widths"], iass.options["gate"]) == ([4, 6, 8], "hard")
    settings = TrainSettings.model_validate(TINY["methods"]["iass"]["train"])
    assert iass.train["steps"] == settings.steps
    assert "workers" not in iass.train  # changes no byte of the model
    (page,) = job.pages
    assert (page.train_on, page.test_on, page.channels) == ("synthband", "synthband", "mono")
    assert str(page.labels) == "results/data/synthband/labels.parquet"


def test_the_margin_comes_from_the_config() -> None:
    assert _job(_plan(claims={"margin_db": 0.2})).margin_db == 0.2


def test_bounds_alone_train_on_nothing() -> None:
    entry = TINY["experiments"]["tiny"] | {"methods": ["ibm"], "train_on": None}
    plan = _plan(experiments={"tiny": entry})
    (page,) = _job(plan).pages
    assert (page.train_on, page.manifest, page.papers_data) == (None, None, None)
    assert plan.files.claimed() == ["results/data/synthband/labels.parquet"]


def test_the_paper_s_config_fills_every_role() -> None:
    job, roles = _job(_open("paper.yaml")), read_claims().roles
    assert {page.papers_data for page in job.pages} == set(read_claims().data)
    for page in job.pages:
        found = {
            role: find_method(role, roles, page.context.methods, job.methods)
            for role in ("iass", "open_unmix", "ibm", "input", "ungated")
        }
        assert found == {
            "iass": "iass",
            "open_unmix": "open_unmix",
            "ibm": "ibm",
            "input": "input_mixture",
            "ungated": "iass_no_gate",
        }


def test_a_variant_without_the_gate_makes_the_eighth_claim_testable() -> None:
    iass = copy.deepcopy(TINY["methods"]["iass"])
    iass["options"]["gate"] = "none"
    methods = TINY["methods"] | {"open_gate": iass | {"module": "iass"}}
    entry = TINY["experiments"]["tiny"] | {"methods": [*methods]}
    job = _job(_plan(methods=methods, experiments={"tiny": entry}))
    roles, names = read_claims().roles, job.pages[0].context.methods
    assert find_method("ungated", roles, names, job.methods) == "open_gate"
    assert find_method("iass", roles, names, job.methods) == "iass"


def test_every_run_asks_for_claims_published_numbers_and_runs() -> None:
    files = set(_plan().files.final_files())
    assert {f"reports/claims.{suffix}" for suffix in ("csv", "md", "html")} <= files
    assert {f"reports/tables/published.{s}" for s in ("csv", "md", "html", "tex")} <= files
    assert {f"reports/tables/provenance.{s}" for s in ("csv", "md", "html")} <= files
