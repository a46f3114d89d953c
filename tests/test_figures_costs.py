"""What methods cost: from cards and benchmark files to a table and four panels."""

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from fake_results import DEMO, make_table
from figure_checks import find_cut, find_overlaps, read_texts

from iass.foundation.errors import UserError
from iass.foundation.files import write_json
from iass.preparation.manifest import Manifest, Stem, Track, write_manifest
from iass.reporting.costs import read_costs
from iass.reporting.draw import draw_cost_figure
from iass.reporting.figures.costs import cost
from iass.reporting.style import PRINT_STYLE
from iass.scoring.table import write_scores

CONTEXT = replace(DEMO, methods=("input_mixture", "open_unmix", "iass"), targets=("vocals", "bass"))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Two test tracks of 10 and 30 s, and a training track that nobody separates."""
    tracks = [
        Track(
            id=name,
            title=name,
            artist="a",
            split=split,
            targets=["vocals"],
            stems={"vocals": Stem(path="v", sha256="0", rate_hz=100, samples=100 * s, channels=1)},
            mixture=None,
            store=None,
            extras={},
            licence="CC0",
            flags=[],
        )
        for name, split, s in (("x", "test", 10), ("y", "test", 30), ("z", "train", 500))
    ]
    path = tmp_path / "manifest.json"
    protocol, targets = "per_target", {"vocals": ["vocals"]}
    write_manifest(
        path,
        Manifest(
            dataset="d", protocol=protocol, targets=targets, mixture_rule="sum", tracks=tracks
        ),
    )
    return path


def write_card(folder: Path, method: str, target: str, seed: int, cost=None) -> Path:
    path = folder / "models" / method / target / f"seed{seed}" / "model.json"
    write_json(path, {"parameters": 2_000_000, "target": target})
    if cost is not None:
        write_json(path.with_name("cost.json"), cost)
    return path


def write_benchmark(folder: Path, method: str, seed: str, shard: int, text: str) -> Path:
    path = folder / "separate" / method / seed / f"shard{shard}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def on_cpu(hours: float) -> dict[str, object]:
    return {"cpu_seconds": hours * 3600, "gpu_hours": None}


def test_costs_add_up_targets_and_average_seeds(tmp_path, manifest) -> None:
    records = [
        write_card(tmp_path, "iass", "vocals", 0, on_cpu(1.0)),
        write_card(tmp_path, "iass", "bass", 0, on_cpu(2.0)),
        write_card(tmp_path, "iass", "vocals", 1, on_cpu(3.0)),
        write_card(tmp_path, "iass", "bass", 1, on_cpu(4.0)),
        write_card(tmp_path, "open_unmix", "vocals", 0, {"cpu_seconds": 9.0, "gpu_hours": 0.5}),
        write_card(tmp_path, "open_unmix", "bass", 0),
    ]
    costs = read_costs(manifest, records)
    assert costs.loc["iass", ["parameters", "training_hours"]].tolist() == [4e6, 5.0]
    assert not costs.loc["iass", "on_gpu"]
    assert costs.loc["open_unmix", "parameters"] == 4e6
    assert np.isnan(costs.loc["open_unmix", "training_hours"])  # one target's is not known
    assert costs.loc["open_unmix", "on_gpu"]
    assert costs["real_time_factor"].isna().all()


def test_separation_is_time_by_length_of_music_and_the_peak_of_memory(tmp_path, manifest) -> None:
    head = "s\th:m:s\tmax_rss\n"
    records = [
        write_benchmark(tmp_path, "iass", "seed0", 0, f"{head}4.0\t0:00:04\t500.0\n"),
        write_benchmark(tmp_path, "iass", "seed0", 1, f"{head}6.0\t0:00:06\t1000.0\n"),
        write_benchmark(tmp_path, "iass", "seed1", 0, f"{head}8.0\t0:00:08\t100.0\n"),
        write_benchmark(tmp_path, "iass", "seed1", 1, f"{head}2.0\t0:00:02\t100.0\n"),
        write_benchmark(tmp_path, "ibm", "unseeded", 0, f"{head}2.0\t0:00:02\t-\n"),
    ]
    costs = read_costs(manifest, records)
    assert costs.loc["iass", "real_time_factor"] == 0.25  # 20 s of work for twice 40 s of music
    assert costs.loc["iass", "memory_gb"] == 1000 * 2**20 / 1e9
    assert costs.loc["ibm", "real_time_factor"] == 0.05
    assert np.isnan(costs.loc["ibm", "memory_gb"])  # too short for Snakemake to measure


def test_no_records_are_no_costs(manifest) -> None:
    assert read_costs(manifest, []).empty


@pytest.mark.parametrize("text", ["", "s\tmax_rss\n", "x\n1\n", "s\tmax_rss\nsoon\t1\n"])
def test_a_broken_benchmark_file_is_named(tmp_path, manifest, text) -> None:
    path = write_benchmark(tmp_path, "iass", "seed0", 0, text)
    with pytest.raises(UserError, match=r"shard0\.tsv is no benchmark file; delete it"):
        read_costs(manifest, [path])
    path.unlink()
    with pytest.raises(UserError, match=r"shard0\.tsv does not exist; run the separation"):
        read_costs(manifest, [path])


def score(method, target, values):
    return [
        {"method": method, "target": target, "track": f"song {i}", "value": v}
        for i, v in enumerate(values)
    ]


SCORES = make_table(
    *score("iass", "vocals", [1.0, 5.0, 6.0]),
    *score("iass", "bass", [1.0, 2.0]),
    *score("input_mixture", "vocals", [-4.0]),
    *score("input_mixture", "bass", [-2.0]),
    *score("iass", "drums", [50.0]),
)


def test_the_height_is_the_mean_over_the_targets_that_all_methods_have(tmp_path, manifest) -> None:
    costs = read_costs(manifest, [write_card(tmp_path, "iass", "vocals", 0, on_cpu(1.0))])
    data = cost.tabulate(costs, SCORES, CONTEXT).set_index("method")
    assert list(data.index) == ["input_mixture", "iass"]
    assert data.loc["iass", ["sdr_db", "worst_db", "best_db"]].tolist() == [3.25, 1.5, 5.0]
    assert set(data["targets"]) == {2}
    is_floor = (SCORES["method"] == "input_mixture") & (SCORES["target"] == "bass")
    without = cost.tabulate(costs, SCORES[~is_floor], CONTEXT)
    assert without["sdr_db"].tolist() == [-4.0, 5.0]
    assert set(without["targets"]) == {1}


def test_the_figure_says_how_many_methods_a_panel_has_and_names_the_device(
    tmp_path, manifest
) -> None:
    head = "s\tmax_rss\n"
    records = [
        write_card(tmp_path, "iass", "vocals", 0, on_cpu(1.0)),
        write_benchmark(tmp_path, "iass", "seed0", 0, f"{head}4.0\t500.0\n"),
        write_benchmark(tmp_path, "input_mixture", "unseeded", 0, f"{head}1.0\t50.0\n"),
    ]
    write_scores(tmp_path / "scores.parquet", SCORES)
    stem = tmp_path / "out" / "cost"
    for _ in range(2):
        draw_cost_figure("cost", tmp_path / "scores.parquet", manifest, records, CONTEXT, stem)
    assert {path.suffix for path in stem.parent.iterdir()} == {".pdf", ".svg", ".png", ".csv"}
    with mpl.rc_context(PRINT_STYLE):
        data = cost.tabulate(read_costs(manifest, records), SCORES, CONTEXT)
        figure = cost.render(data, CONTEXT)
        texts = read_texts(figure)
        assert find_overlaps(figure) == []
        assert find_cut(figure) == []
    assert texts.count("1 of 2 methods") == 2
    assert texts.count("2 of 2 methods") == 2
    assert "training (CPU-hours)" in texts


@pytest.mark.parametrize("device", [[1.0, None], [None, 1.0]])
def test_hours_of_both_devices_are_not_hidden(tmp_path, manifest, device) -> None:
    records = [
        write_card(tmp_path, method, "vocals", 0, {"cpu_seconds": 3600.0, "gpu_hours": hours})
        for method, hours in zip(("iass", "open_unmix"), device, strict=True)
    ]
    scores = make_table(*score("iass", "vocals", [1.0]), *score("open_unmix", "vocals", [2.0]))
    data = cost.tabulate(read_costs(manifest, records), scores, CONTEXT)
    assert "training (GPU/CPU-hours)" in read_texts(cost.render(data, CONTEXT))


def test_without_costs_or_a_common_target_that_is_said(manifest) -> None:
    empty = read_costs(manifest, [])
    texts = read_texts(cost.render(cost.tabulate(empty, SCORES, CONTEXT), CONTEXT))
    assert texts == ["demo on synthband: no target that all methods have, or no costs"]
