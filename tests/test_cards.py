"""Every data set's card states what a card must state."""

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from iass.foundation.card import Card, Split
from iass.foundation.config import DatasetEntry, Protocol
from iass.foundation.errors import UserError
from iass.foundation.plugins import ROOT, load_card
from iass.preparation.tools import PreparationTools

NAMES = sorted(
    path.stem
    for path in (ROOT / "iass" / "datasets").glob("*.py")
    if "class DataSet(" in path.read_text("utf-8")
)
PAPER = ("musdb18hq", "medleydb", "mixing_secrets", "mm")
SIX = {"vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano"}


def _card(name: str) -> Card:
    return load_card(name, DatasetEntry())


@pytest.mark.parametrize("name", NAMES)
def test_a_card_states_what_the_set_is_and_how_to_get_it(name: str) -> None:
    card = _card(name)
    for text in (card.title, card.description, card.citation, card.licence, card.access):
        assert text.strip() == text != ""


@pytest.mark.parametrize("name", NAMES)
def test_a_card_names_splits_protocol_and_targets_that_sum_stems(name: str) -> None:
    card = _card(name)
    assert set(card.splits) <= set(get_args(Split))
    assert "test" in card.splits
    assert card.protocol in get_args(Protocol)
    for target, stems in card.targets.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", target)
        assert len(stems) == len(set(stems)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_has_a_secure_address_and_a_well_formed_checksum(name: str) -> None:
    for archive in _card(name).archives:
        assert archive.url.startswith("https://")
        assert archive.bytes is None or archive.bytes > 0
        if archive.checksum is not None:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", archive.checksum)


@pytest.mark.parametrize("name", [*PAPER, "medleydb_sample", "musdb18", "musdb18_7s"])
def test_a_set_that_was_not_fetched_says_what_is_missing_and_how_to_get_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("MUSDB_PATH", "MEDLEYDB_PATH", "MIXING_SECRETS_PATH"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UserError) as caught:
        _card(name).prepare(PreparationTools(tmp_path / name))
    sentence = str(caught.value)
    assert sentence.startswith(str(tmp_path / "archives"))
    assert sentence.endswith("is missing; fetch it with `iass data fetch`.")


def test_musdb18hq_has_the_published_archive() -> None:
    archive = _card("musdb18hq").archives[0]
    assert archive.name == "musdb18hq.zip"
    assert archive.checksum is not None
    assert archive.checksum.startswith("sha256:baac80d0483c61d7")


def test_musdb18hq_is_scored_jointly_on_four_targets() -> None:
    card = _card("musdb18hq")
    assert card.protocol == "joint"
    assert set(card.targets) == {"vocals", "drums", "bass", "other"}


@pytest.mark.parametrize("name", ["medleydb", "mixing_secrets", "mm"])
def test_instrument_sets_are_scored_per_target_on_six_targets(name: str) -> None:
    card = _card(name)
    assert card.protocol == "per_target"
    assert set(card.targets) == SIX


def test_mm_refers_to_both_of_its_sources() -> None:
    mm, parts = _card("mm"), [_card("medleydb"), _card("mixing_secrets")]
    assert mm.archives == parts[0].archives + parts[1].archives
    for part in parts:
        assert part.licence in mm.licence
        assert part.citation in mm.citation


def test_reading_the_papers_cards_loads_neither_torch_nor_pandas() -> None:
    code = (
        f"import sys; from iass.datasets import {', '.join(PAPER)}; "
        "sys.exit(', '.join({'torch', 'pandas', 'scipy', 'av'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stderr.strip() == ""
