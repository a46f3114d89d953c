import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_results import DEMO, make_activity, make_cards, make_scores

from iass.foundation.errors import UserError
from iass.reporting.cards import read_cards
from iass.reporting.draw import draw_activity_figure, draw_model_figure, draw_score_figure
from iass.reporting.write import summarise_tables, write_tables
from iass.scoring.table import write_scores

SUFFIXES = ("pdf", "svg", "png", "csv")


SYNTHBAND = replace(DEMO, targets=(*DEMO.targets, "other"))
FALCON69 = replace(DEMO, dataset="falcon69", targets=("vocals", "drums", "bass", "other"))


@pytest.fixture(scope="module")
def scores(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    write_scores(path, make_scores(tracks=3, frames=2))
    return path


def assert_written(stem: Path, suffixes=SUFFIXES) -> None:
    assert {path.name for path in stem.parent.iterdir()} == {f"{stem.name}.{s}" for s in suffixes}


@pytest.mark.parametrize("context", [SYNTHBAND, FALCON69])
def test_a_score_figure_is_drawn_even_where_nothing_is_scored(scores, tmp_path, context):
    draw_score_figure("sdr", scores, context, tmp_path / "sdr")
    assert_written(tmp_path / "sdr")


def test_a_model_figure_is_drawn_from_cards(tmp_path):
    paths, cards = [], make_cards(replace(DEMO, targets=("vocals", "bass")))
    for card in cards:
        path = tmp_path / "models" / card.method / card.target / "seed0" / "model.json"
        path.parent.mkdir(parents=True)
        curve = [point.model_dump() | {"learning_rate": 0.1} for point in card.curve]
        content = {"target": card.target, "seed": 0, "best_step": 560, "curve": curve}
        path.write_text(json.dumps(content))
        paths.append(path)
    assert read_cards(paths) == cards
    draw_model_figure("training_curves", paths, SYNTHBAND, tmp_path / "out" / "curves")
    assert_written(tmp_path / "out" / "curves")


def test_a_broken_card_is_named_with_its_field(tmp_path):
    (tmp_path / "model.json").write_text('{"target": "bass", "seed": 0, "curve": []}')
    with pytest.raises(UserError, match=r"model\.json: 'best_step' is missing or wrong"):
        read_cards([tmp_path / "model.json"])


def test_an_activity_figure_is_drawn_from_shards_of_which_some_are_empty(scores, tmp_path):
    predicted, labels = make_activity(replace(DEMO, targets=("vocals", "bass")), tracks=2)
    labels.to_parquet(tmp_path / "labels.parquet")
    for name, part in (("a", predicted[:0]), ("b", predicted)):
        part.drop(columns=["trained_on", "erratum"]).to_parquet(tmp_path / f"{name}.parquet")
    for name, shards in (("some", "ab"), ("none", "a")):
        draw_activity_figure(
            "activity",
            scores,
            [tmp_path / f"{shard}.parquet" for shard in shards],
            tmp_path / "labels.parquet",
            SYNTHBAND,
            tmp_path / name / "activity",
        )
        assert_written(tmp_path / name / "activity")


def test_tables_are_written_and_summarised_with_their_own_rows_only(scores, tmp_path):
    for context in (SYNTHBAND, FALCON69):
        write_tables(scores, context, tmp_path / f"demo_{context.dataset}_sdr")
    assert len(list(tmp_path.iterdir())) == 6
    synthband, falcon69 = (tmp_path / f"demo_{d}_sdr.md" for d in ("synthband", "falcon69"))
    assert "n=3" in synthband.read_text()
    assert "n=3" not in falcon69.read_text()
    text = summarise_tables(tmp_path)
    assert "data set synthband" in text
    assert "data set falcon69" in text


def test_a_summary_without_tables_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="run the workflow first"):
        summarise_tables(tmp_path)


def test_a_missing_or_broken_labels_file_is_named(scores, tmp_path):
    words, stem = ("activity", scores, []), tmp_path / "x"
    with pytest.raises(UserError, match=r"none\.parquet does not exist"):
        draw_activity_figure(*words, tmp_path / "none.parquet", SYNTHBAND, stem)
    (tmp_path / "junk.parquet").write_bytes(np.zeros(9).tobytes())
    with pytest.raises(UserError, match=r"junk\.parquet is not a Parquet table"):
        draw_activity_figure(*words, tmp_path / "junk.parquet", SYNTHBAND, stem)
