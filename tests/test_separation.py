"""The contract that every method keeps, and what each kind is handed."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bands import TARGETS, Band, write_band
from small_models import save_iass

from baselines import ibm, input_mixture, silence
from iass.foundation.audio import FloatArray, read_audio, write_wav
from iass.foundation.config import MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.foundation.method import Bound, Command, Estimate, Oracle
from iass.preparation.manifest import read_manifest
from iass.separation.command import run_command
from iass.separation.kinds import hand_over, open_track
from iass.separation.run import SeparationJob, select_shard, separate_shard

RATE_HZ = 44100
COPY = f"{shlex.quote(sys.executable)} tests/copy_mixture.py {{mixture}} {{output}} {{targets}}"


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Band:
    tracks = {"M.E.R.C. Music - Knockout": "test", "Öjebokören, Jacks & Kings": "test"}
    return write_band(tmp_path_factory.mktemp("band"), tracks, seconds=1.5)


def _job(band: Band, name: str, entry: MethodEntry, shards: int = 1) -> SeparationJob:
    return SeparationJob(
        method=name,
        entry=entry,
        seed=None,
        manifest=band.manifest,
        targets=list(TARGETS),
        channels="stereo",
        shard=0,
        shards=shards,
        models={},
        code="c0de",
    )


def _noise(channels: int, samples: int, gain: float = 0.1) -> FloatArray:
    generator = np.random.default_rng(3)
    return (gain * generator.standard_normal((channels, samples))).astype(np.float32)


@pytest.mark.parametrize("gain", [1e-7, 0.1, 1e3])
@pytest.mark.parametrize("samples", [1, 2, 1025, 44100])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("method", [input_mixture.Method(), silence.Method()])
def test_a_bound_keeps_the_contract(
    method: Bound, channels: int, samples: int, gain: float
) -> None:
    mixture = _noise(channels, samples, gain)
    kept = mixture.copy()
    estimates = method.separate(mixture, RATE_HZ, ["a", "b"])
    _check_contract(estimates, mixture, kept, ["a", "b"])


@pytest.mark.parametrize("gain", [1e-7, 0.1, 1e3])
@pytest.mark.parametrize("samples", [1, 2, 1025, 44100])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_ideal_mask_keeps_the_contract(channels: int, samples: int, gain: float) -> None:
    mixture = _noise(channels, samples, gain)
    kept = mixture.copy()
    references = {"a": mixture * np.float32(0.7), "b": np.zeros_like(mixture)}
    estimates = ibm.Method().separate(mixture, RATE_HZ, references)
    _check_contract(estimates, mixture, kept, ["a", "b"])
    assert not estimates["b"].audio.any()


def _check_contract(
    estimates: dict[str, Estimate], mixture: FloatArray, kept: FloatArray, targets: Sequence[str]
) -> None:
    np.testing.assert_array_equal(mixture, kept)
    assert list(estimates) == targets
    for estimate in estimates.values():
        assert estimate.audio.dtype == np.float32
        assert estimate.audio.shape == mixture.shape
        assert np.isfinite(estimate.audio).all()
        assert not np.shares_memory(estimate.audio, mixture)


def test_the_input_mixture_is_not_scaled() -> None:
    mixture = _noise(2, 100)
    np.testing.assert_array_equal(
        input_mixture.Method().separate(mixture, RATE_HZ, ["a"])["a"].audio, mixture
    )


def test_silence_is_the_mixture_80_db_down() -> None:
    mixture = np.ones((1, 4), np.float32)
    quiet = silence.Method().separate(mixture, RATE_HZ, ["a"])["a"].audio
    np.testing.assert_allclose(quiet, 1e-4, rtol=1e-6)


def test_the_ideal_mask_keeps_the_louder_of_two_tones() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    low, high = (np.sin(2 * np.pi * f * time_s)[None].astype(np.float32) for f in (441, 4410))
    estimates = ibm.Method().separate(low + high, RATE_HZ, {"low": low, "high": high})
    inner = slice(4096, -4096)
    for name, tone in (("low", low), ("high", high)):
        error = estimates[name].audio - tone
        assert np.abs(error[:, inner]).max() < 0.01


def test_the_ideal_mask_at_the_threshold_by_hand() -> None:
    """A bin with exactly half of the mixture is kept by IBM1 (>= 0.5) and dropped by IBM2."""
    mixture = _noise(1, 8192)
    half = {"a": mixture * np.float32(0.5)}
    kept = ibm.Method(exponent=1.0).separate(mixture, RATE_HZ, half)["a"].audio
    dropped = ibm.Method(exponent=2.0).separate(mixture, RATE_HZ, half)["a"].audio
    np.testing.assert_allclose(kept, mixture, atol=1e-6)
    assert not dropped.any()


@dataclass(frozen=True)
class _Spy(Bound):
    """Notes what a bound is handed."""

    seen: list[object] = field(default_factory=list)

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        self.seen.extend([mixture, rate_hz, targets])
        return {target: Estimate(mixture) for target in targets}


def _tell(*_: object) -> None:
    raise AssertionError("the reference was read")


def test_the_reference_reaches_oracles_only(band: Band, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(band.manifest)
    track, targets = manifest.tracks[0], list(TARGETS)
    monkeypatch.setattr("iass.separation.kinds.open_reference", _tell)
    spy = _Spy()
    with open_track(band.manifest, manifest, track, "mono", targets, {}) as song:
        hand_over(spy, song)(0, track.samples)
        assert len(spy.seen) == 3
        with pytest.raises(AssertionError, match="the reference was read"):
            hand_over(ibm.Method(), song)
    assert issubclass(ibm.Method, Oracle)


def test_every_track_gets_a_file_per_target_whatever_its_name(band: Band, tmp_path: Path) -> None:
    job = _job(band, "input_mixture", MethodEntry(kind="bound"))
    separate_shard(job, tmp_path / "estimates", tmp_path / "activity.parquet")
    for track in band.tracks:
        for target in TARGETS:
            audio, rate_hz = read_audio(tmp_path / "estimates" / track / f"{target}.wav")
            assert (audio.shape, rate_hz) == ((2, round(1.5 * RATE_HZ)), RATE_HZ)
    assert read_json(tmp_path / "estimates" / "run.json")["code"] == "c0de"
    assert len(pd.read_parquet(tmp_path / "activity.parquet")) == 0


@pytest.mark.parametrize(("options", "gate"), [({"gate": "none"}, 1), ({"threshold": 1.0}, 0)])
def test_a_variant_separates_with_the_models_of_another_method_and_options_of_its_own(
    options: dict[str, object], gate: int, band: Band, tmp_path: Path
) -> None:
    models = {target: save_iass(tmp_path, target) for target in TARGETS}
    entry = MethodEntry(kind="trained", module="iass", weights_of="iass", options=options)
    job = replace(_job(band, "variant", entry), models=models, seed=0)
    separate_shard(job, tmp_path / "estimates", tmp_path / "activity.parquet")
    activity = pd.read_parquet(tmp_path / "activity.parquet")
    assert set(activity["gate"]) == {gate}
    assert set(activity["target"]) == set(TARGETS)


def test_shards_share_the_tracks_and_a_new_track_moves_none(band: Band) -> None:
    tracks = read_manifest(band.manifest).tracks
    many = [tracks[0].model_copy(update={"id": f"song {i}"}) for i in range(40)]
    shards = [[t.id for t in select_shard(many, shard, 3)] for shard in range(3)]
    assert sorted(name for shard in shards for name in shard) == sorted(t.id for t in many)
    assert all(shards)
    fewer = [[t.id for t in select_shard(many[:20], shard, 3)] for shard in range(3)]
    assert all(set(few) <= set(all_) for few, all_ in zip(fewer, shards, strict=True))


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (lambda m: m[:, :-1], "float32"),
        (lambda m: m.astype(np.float64), "float64"),
        (lambda m: m * np.float32(np.nan), "NaN"),
    ],
)
def test_a_broken_estimate_is_refused_with_method_and_track(
    band: Band, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: object, named: str
) -> None:
    def separate(_: object, mixture: FloatArray, rate_hz: int, targets: Sequence[str]) -> object:
        return {target: Estimate(broken(mixture)) for target in targets}  # type: ignore[operator]

    monkeypatch.setattr(input_mixture.Method, "separate", separate)
    job = _job(band, "input_mixture", MethodEntry(kind="bound"))
    with pytest.raises(UserError, match=rf"input_mixture on 'M\.E\.R\.C\. Music.*{named}"):
        separate_shard(job, tmp_path / "estimates", tmp_path / "activity.parquet")


def test_a_command_is_benchmarked_like_any_method() -> None:
    mixture = _noise(2, 500)
    estimates = run_command(Command(COPY), mixture, RATE_HZ, ["a", "b b"])
    for target in ("a", "b b"):
        np.testing.assert_array_equal(estimates[target].audio, mixture)


def _run_python(tmp_path: Path, program: str) -> dict[str, Estimate]:
    script = tmp_path / "program.py"
    script.write_text(program)
    command = Command(f"{{python}} {shlex.quote(str(script))} {{mixture}} {{output}}")
    return run_command(command, _noise(1, 50), RATE_HZ, ["vocals"])


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ("raise SystemExit('no model here')", r"exit code 1: no model here"),
        ("pass", r"vocals\.wav does not exist"),
        ("import sys, os; os.write(2, b'caf\\xe9'); sys.exit(3)", "exit code 3: caf\ufffd"),
        ("import os; os.write(1, b'\\xff\\xfe')", r"vocals\.wav does not exist"),
        (
            "import sys, pathlib; pathlib.Path(sys.argv[2], 'vocals.wav').write_bytes(b'RIFF')",
            r"vocals\.wav cannot be read as audio",
        ),
    ],
)
def test_a_failing_command_says_why_in_one_sentence(
    tmp_path: Path, program: str, named: str
) -> None:
    with pytest.raises(UserError, match=named) as caught:
        _run_python(tmp_path, program)
    assert "\n" not in str(caught.value)


def test_targets_are_words_of_their_own_or_joined_by_commas_inside_a_word(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import sys; sys.exit('|'.join(sys.argv[1:]))")
    command = Command(f"{{python}} {shlex.quote(str(script))} --t={{targets}} {{targets}}")
    with pytest.raises(UserError, match=r": --t=vocals,bass\|vocals\|bass$"):
        run_command(command, _noise(1, 50), RATE_HZ, ["vocals", "bass"])


def test_a_command_at_another_rate_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "slow.wav", _noise(1, 50), 48000)
    copy = f"shutil.copy({str(tmp_path / 'slow.wav')!r}, sys.argv[2] + '/vocals.wav')"
    program = f"import sys, shutil; {copy}"
    with pytest.raises(UserError, match=r"vocals\.wav at 48000 Hz for a mixture at 44100 Hz"):
        _run_python(tmp_path, program)


def test_a_command_that_does_not_exist_is_named() -> None:
    with pytest.raises(UserError, match=r"'no-such-program' cannot be started"):
        run_command(Command("no-such-program {mixture}"), _noise(1, 5), RATE_HZ, ["a"])
