import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from iass.datasets import synthband
from iass.foundation.errors import UserError
from iass.foundation.files import write_json
from iass.plan.driver import find_stale_models, make_plan, wildcard_pattern
from iass.plan.files import list_figures

ROOT = Path(__file__).parents[1]
RAW: dict[str, Any] = {
    "datasets": {"synthband": {"shards": 2}, "falcon69": None},
    "methods": {
        "ibm": {"kind": "oracle"},
        "iass": {"kind": "trained", "train": {"steps": 5}},
        "copy": {"kind": "command", "command": "cp {mixture} {output}"},
    },
    "experiments": {
        "demo": {
            "train_on": "synthband",
            "test_on": ["synthband", "falcon69"],
            "targets": ["vocals", "piano"],
            "methods": ["ibm", "iass", "copy"],
            "seeds": [0, 7],
            "channels": "mono",
        }
    },
}

UNGATED = {"kind": "trained", "module": "iass", "weights_of": "iass", "options": {"gate": "none"}}


@dataclass(frozen=True)
class Job:
    """Stands for the wildcards of a Snakemake job."""

    experiment: str = "demo"
    dataset: str = "falcon69"
    method: str = "iass"
    seed: str = "seed7"


def _changed(**sections: dict[str, Any]) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    for name, section in sections.items():
        raw[name] |= section
    return raw


def test_a_trained_method_runs_once_per_seed_and_others_once() -> None:
    runs = [run.folder for run in make_plan(RAW, "x").cells.runs("demo", "falcon69")]
    assert runs == [
        "demo/falcon69/ibm/unseeded",
        "demo/falcon69/iass/seed0",
        "demo/falcon69/iass/seed7",
        "demo/falcon69/copy/unseeded",
    ]


def test_a_run_needs_one_model_per_target_of_its_data_set() -> None:
    plan = make_plan(RAW, "x")
    base = "results/models/synthband/mono/iass"
    assert plan.files.models(Job()) == [f"{base}/vocals/seed7/model.safetensors"]
    assert plan.files.models(Job(dataset="synthband")) == [
        f"{base}/vocals/seed7/model.safetensors",
        f"{base}/piano/seed7/model.safetensors",
    ]
    assert plan.files.models(Job(method="ibm")) == []


def test_a_variant_with_the_weights_of_a_method_asks_for_no_training_of_its_own() -> None:
    demo = RAW["experiments"]["demo"] | {"methods": ["iass", "ungated"]}
    raw = _changed(methods={"ungated": UNGATED}, experiments={"demo": demo})
    files = make_plan(raw, "x").files
    assert files.models(Job(method="ungated")) == files.models(Job(method="iass"))
    assert files.model_cards(Job()) == make_plan(RAW, "x").files.model_cards(Job())
    assert files.overlap(Job(method="ungated")) == files.overlap(Job(method="iass"))


def test_every_shard_of_every_data_set_is_collected() -> None:
    shards = make_plan(RAW, "x").files.method_scores(Job(method="ibm"))
    assert shards == [
        "results/shards/demo/synthband/ibm/unseeded/shard0.parquet",
        "results/shards/demo/synthband/ibm/unseeded/shard1.parquet",
        "results/shards/demo/falcon69/ibm/unseeded/shard0.parquet",
    ]


def test_a_cell_without_training_music_is_skipped_and_listed() -> None:
    experiment = RAW["experiments"]["demo"] | {
        "train_on": "musdb18hq",
        "targets": ["vocals", "piano"],
    }
    raw = _changed(datasets={"musdb18hq": None}, experiments={"demo": experiment})
    plan = make_plan(raw, "x")
    cells = [(cell.dataset, cell.method, cell.target) for cell in plan.cells.skipped()]
    assert cells == [("synthband", "iass", "piano")]
    assert plan.cells.skipped()[0].reason == "no model: musdb18hq has no training music for piano"
    assert plan.params.run_targets(Job(dataset="synthband")) == "vocals"


def test_an_experiment_may_override_the_cards_protocol() -> None:
    assert make_plan(RAW, "x").params.protocol(Job()) == "joint"
    demo = RAW["experiments"]["demo"] | {"protocol": "per_target"}
    assert (
        make_plan(_changed(experiments={"demo": demo}), "x").params.protocol(Job()) == "per_target"
    )


def test_shards_and_environments_change_no_job_but_their_own_files() -> None:
    plan = make_plan(RAW, "x")
    assert "shards" not in plan.params.dataset_entry(Job(dataset="synthband"))
    assert '"env"' not in plan.params.method_entry(Job())
    assert '"train"' not in plan.params.method_entry(Job())
    assert "steps" in plan.params.trained_entry(Job())


def test_kept_models_ignore_changed_code() -> None:
    assert make_plan(RAW | {"stale_models": "keep"}, "x").code.train(Job()) == "kept"
    assert make_plan(RAW, "x").code.train(Job()) != "kept"


def test_the_folder_of_large_files_can_be_set_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IASS_DATA", raising=False)
    assert make_plan(RAW, "x").params.dataset_folder(Job()) == "data/falcon69"
    monkeypatch.setenv("IASS_DATA", "/big/disk")
    assert make_plan(RAW, "x").params.dataset_folder(Job()) == "/big/disk/falcon69"


def test_estimates_are_temporary_unless_kept() -> None:
    def mark(output: str) -> str:
        return f"temp({output})"

    assert make_plan(RAW, "x").files.flag_estimates("a", mark) == "temp(a)"
    assert make_plan(RAW | {"keep_estimates": True}, "x").files.flag_estimates("a", mark) == "a"


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"methods": {"ghost": {"kind": "bound"}}}, r"methods\.ghost: .*baselines/ghost\.py"),
        (
            {"datasets": {"synthband": {"options": {"songs": {"train": -3}}}}},
            r"datasets\.synthband\.options: .*songs\.train is -3",
        ),
        ({"datasets": {"ghost": None}}, r"datasets\.ghost: .*iass/datasets/ghost\.py"),
        (
            {"methods": {"ibm": {"kind": "oracle", "options": {"colour": 1}}}},
            r"methods\.ibm\.options\.colour",
        ),
        (
            {"methods": {"ibm": {"kind": "oracle", "env": "ghost"}}},
            r"methods\.ibm\.env: .*workflow/envs/ghost\.yaml",
        ),
        (
            {"experiments": {"demo": RAW["experiments"]["demo"] | {"targets": ["kazoo"]}}},
            r"experiments\.demo\.targets: .*'kazoo'",
        ),
        (
            {"experiments": {"demo": RAW["experiments"]["demo"] | {"train_on": "falcon69"}}},
            r"experiments\.demo\.train_on: 'falcon69' has no train tracks",
        ),
        (
            {"methods": {"wide": UNGATED | {"options": {"gate": "none", "n_fft": 2048}}}},
            r"methods\.wide\.options\.n_fft: that takes a training of its own, .*: gate, threshold",
        ),
        ({"methods": {"ibm": {"kind": "bound"}}}, r"methods\.ibm\.kind is 'bound', .*'oracle'"),
        (
            {"methods": {"upper": {"kind": "trained", "module": "ibm"}}},
            r"methods\.upper\.kind is 'trained', but Method in baselines/ibm\.py is .*'oracle'",
        ),
    ],
)
def test_what_cannot_run_is_named_before_any_job(sections: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named) as caught:
        make_plan(_changed(**sections), "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")


@pytest.mark.parametrize(
    ("splits", "named"),
    [
        (("train", "test"), r"x: experiments\.demo\.train_on: 'synthband' has no valid tracks"),
        (("valid", "test"), r"x: experiments\.demo\.train_on: 'synthband' has no train tracks"),
        (("train", "valid"), r"x: experiments\.demo\.test_on: 'synthband' has no test tracks"),
    ],
)
def test_a_data_set_without_the_tracks_it_is_named_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, splits: tuple[str, ...], named: str
) -> None:
    monkeypatch.setattr(synthband.DataSet, "splits", splits)
    with pytest.raises(UserError, match=named):
        make_plan(RAW, "x")


def test_every_committed_config_can_be_planned() -> None:
    for path in sorted((ROOT / "config").glob("*.yaml")):
        assert make_plan(yaml.safe_load(path.read_text("utf-8")), str(path)).files.final_files()


def test_a_wildcard_matches_its_names_only() -> None:
    assert wildcard_pattern(["open_unmix", "ibm"]) == "ibm|open_unmix"


def test_figures_are_found_by_their_folder() -> None:
    assert {("scores", "sdr"), ("activity", "activity"), ("costs", "cost")} <= set(list_figures())


def test_every_figure_has_a_caption_that_says_what_it_shows_of_what() -> None:
    for _, figure in list_figures():
        caption = (ROOT / "workflow" / "report" / f"{figure}.rst").read_text("utf-8")
        assert "{{ snakemake.wildcards.experiment }}" in caption
        assert "embedded default" in caption


def test_the_costs_of_a_data_set_are_of_its_own_models_and_jobs() -> None:
    records = make_plan(RAW, "x").files.cost_records(Job())  # falcon69 has no piano
    assert [record for record in records if record.endswith(".json")] == [
        f"results/models/synthband/mono/iass/vocals/seed{seed}/model.json" for seed in (0, 7)
    ]
    assert [record for record in records if record.endswith(".tsv")] == [
        f"results/benchmarks/separate/demo/falcon69/{run}/shard0.tsv"
        for run in ("ibm/unseeded", "iass/seed0", "iass/seed7", "copy/unseeded")
    ]


def test_a_joint_score_is_all_targets_or_none(tmp_path: Path) -> None:
    demo = RAW["experiments"]["demo"] | {
        "train_on": "mm",
        "test_on": ["musdb18hq"],
        "targets": ["vocals", "drums", "bass", "other"],
        "allow_overlap": True,
    }
    sets = {"musdb18hq": None, "mm": None}
    plan = make_plan(_changed(datasets=sets, experiments={"demo": demo}), "x")
    assert {run.method for run in plan.cells.runs("demo")} == {"ibm", "copy"}
    skipped = plan.cells.skipped()
    assert [cell.target for cell in skipped] == ["vocals", "drums", "bass", "other"]
    assert skipped[0].reason == "no model: mm has no training music for other"


def test_no_page_is_asked_for_that_has_nothing_to_draw() -> None:
    demo = RAW["experiments"]["demo"] | {"targets": ["piano"], "methods": ["iass"]}
    raw = _changed(
        datasets={"musdb18hq": None},
        experiments={"demo": demo | {"train_on": "musdb18hq", "test_on": ["synthband"]}},
    )
    assert [f for f in make_plan(raw, "x").files.final_files() if "figures" in f] == []
    bounds = RAW["experiments"]["demo"] | {"methods": ["ibm"]}
    files = make_plan(_changed(experiments={"demo": bounds}), "x").files.final_files()
    assert not [f for f in files if "training_curves" in f or "activity" in f]


def test_published_weights_alone_have_figures_of_activity_and_none_of_training() -> None:
    methods = {"iass_released": {"kind": "pretrained"}}
    alone = RAW["experiments"]["demo"] | {"methods": ["iass_released"], "train_on": None}
    raw = _changed(methods=methods, experiments={"demo": alone})
    files = make_plan(raw, "x").files.final_files()
    assert [f for f in files if f.endswith("_activity.pdf")]
    assert not [f for f in files if "training_curves" in f]


def test_experiments_whose_pages_would_collide_are_refused() -> None:
    demo = RAW["experiments"]["demo"] | {"methods": ["ibm"], "train_on": None}
    sets = {"b_c": {"module": "synthband"}, "c": {"module": "synthband"}}
    pair = {"a": demo | {"test_on": ["b_c"]}, "a_b": demo | {"test_on": ["c"]}}
    with pytest.raises(UserError, match=r"would write reports/figures/a_b_c_\w+\.pdf"):
        make_plan(_changed(datasets=sets, experiments=pair), "x")


def test_kept_models_of_other_code_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = make_plan(RAW | {"stale_models": "keep"}, "x")
    fresh, stale = plan.files.model_cards(Job())[:2]
    for card, code in ((fresh, plan.code.hash_training("iass")), (stale, "older")):
        write_json(tmp_path / card, {"provenance": {"code": code}})
    assert set(find_stale_models(plan)) == {stale}
    assert find_stale_models(make_plan(RAW, "x")) == []


def test_only_networks_take_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for visible, slots in (("0,1", 1), ("", 0)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        params = make_plan(RAW, "x").params
        assert params.gpu_slots(Job()) == slots
        assert params.gpu_slots(Job(method="ibm")) == 0


def test_training_on_mm_and_scoring_on_musdb18_is_refused_before_any_download() -> None:
    demo = RAW["experiments"]["demo"] | {
        "train_on": "mm",
        "test_on": ["musdb18hq"],
        "targets": ["vocals", "drums", "bass"],
    }
    sets = {"musdb18hq": None, "mm": None}
    with pytest.raises(UserError, match=r"experiments\.demo: 36 song\(s\) of the test tracks"):
        make_plan(_changed(datasets=sets, experiments={"demo": demo}), "x")
