"""`iass separate` as a person meets it: any file in, one WAV per target out, or one sentence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from small_models import RATE_HZ, make_music, save_iass, save_open_unmix

from iass.foundation.audio import FloatArray, read_audio, resample

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of IASS for two targets, the newest, and an older Open-Unmix."""
    folder = tmp_path_factory.mktemp("project")
    models = folder / "results" / "models"
    saved = [save_open_unmix(models, "bass", channels="stereo")]
    saved += [save_iass(models, target) for target in ("vocals", "drums")]
    for age, path in enumerate(saved):
        os.utime(path / "model.json", (1_000_000 + age, 1_000_000 + age))
    return folder


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "iass", "separate", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _write_m4a(path: Path, audio: FloatArray, rate_hz: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate_hz)
        for start in range(0, audio.shape[1], 1024):
            piece = np.ascontiguousarray(audio[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _write_song(path: Path, audio: FloatArray, rate_hz: int) -> None:
    writers = {".m4a": _write_m4a}
    write = writers.get(path.suffix, lambda p, a, r: soundfile.write(p, a.T, r))
    write(path, audio, rate_hz)


@pytest.mark.parametrize(
    ("name", "channels", "samples", "rate_hz", "said"),
    [
        ("song.mp3", 2, 50000, 44100, "The song is stereo, the model learned mono."),
        ("mono.wav", 1, 50000, 44100, ""),
        ("studio.flac", 2, 50001, 48000, "Resampled: the song has 48000 Hz"),
        ("phone.m4a", 2, 49152, 48000, "Resampled"),
        ("short.ogg", 2, 44100, 44100, "learned mono"),
        ("one.wav", 1, 1, 44100, ""),
        ("one96.wav", 2, 1, 96000, "Resampled"),
        ("Öje & Co. v1.wav", 1, 1023, 22050, "Resampled"),
    ],
)
def test_a_song_of_any_kind_becomes_a_wav_per_target_like_itself(
    project: Path, tmp_path: Path, name: str, channels: int, samples: int, rate_hz: int, said: str
) -> None:
    _write_song(tmp_path / name, make_music(channels, samples), rate_hz)
    done = _run(project, str(tmp_path / name), "-o", str(tmp_path / "stems"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar where stderr is not a terminal
    assert "Method: iass, results/models/tiny/mono/iass/*/seed0" in done.stdout
    assert said in done.stdout
    assert sorted(path.name for path in (tmp_path / "stems").iterdir()) == [
        "drums.wav",
        "vocals.wav",
    ]
    for target in ("vocals", "drums"):
        assert str(tmp_path / "stems" / f"{target}.wav") in done.stdout
        audio, found_hz = read_audio(tmp_path / "stems" / f"{target}.wav")
        assert (len(audio), found_hz) == (channels, rate_hz)
        assert 0 <= audio.shape[1] - samples < 2500 * (name == "phone.m4a") + 1  # AAC pads


def test_a_resampled_estimate_lies_where_its_song_does(project: Path, tmp_path: Path) -> None:
    white = make_music(1, 40000)[0]
    audio = np.convolve(white, np.hanning(12) / 6, mode="same")[None].astype(np.float32)
    for rate_hz in (44100, 88200):
        song = resample(audio, 44100, rate_hz)
        soundfile.write(tmp_path / f"{rate_hz}.wav", song.T, rate_hz, subtype="FLOAT")
        arguments = ["-o", str(tmp_path / str(rate_hz)), "--method", "open_unmix"]
        assert _run(project, str(tmp_path / f"{rate_hz}.wav"), *arguments).returncode == 0
    usual, _ = read_audio(tmp_path / "44100" / "bass.wav")
    double, _ = read_audio(tmp_path / "88200" / "bass.wav")
    inner = slice(1000, -1000)  # a resampler rings where a song begins and ends
    difference = np.abs(double[:, ::2] - usual)[:, inner].max()
    assert difference < 0.05 * np.abs(usual).max()


def test_targets_method_and_folder_can_be_chosen(project: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 5000).T, RATE_HZ)
    song, stems = str(tmp_path / "song.wav"), tmp_path / "stems"
    assert _run(project, song, "-o", str(stems), "--targets", "drums").returncode == 0
    assert [path.name for path in stems.iterdir()] == ["drums.wav"]
    done = _run(project, song, "-o", str(stems), "--method", "open_unmix", "--activity")
    assert "The song is mono, the model learned stereo." in done.stdout
    assert "open_unmix predicts no activity" in done.stdout
    assert sorted(path.name for path in stems.iterdir()) == ["bass.wav", "drums.wav"]
    models = str(project / "results" / "models")
    done = _run(tmp_path, song, "-o", str(tmp_path / "b"), "--model", models)
    assert f"Method: iass, {models}" in done.stdout


def test_the_activity_is_a_table_and_a_picture(project: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "$a_song$.wav", make_music(1, 30000).T, RATE_HZ)
    stems = tmp_path / "stems"
    done = _run(project, str(tmp_path / "$a_song$.wav"), "-o", str(stems), "--activity")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(stems / "activity.csv")
    assert list(table) == ["frame_s", "target", "probability", "gate"]
    assert table["target"].value_counts().to_dict() == {"drums": 119, "vocals": 119}
    assert table["frame_s"].max() == pytest.approx(118 * 256 / RATE_HZ, rel=1e-5)
    assert table["probability"].between(0, 1).all()
    assert set(table["gate"]) <= {0, 1}
    assert (stems / "activity.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "song.wav is not a file"),
        (b"dear diary\n" * 500, "song.wav cannot be read as audio"),
        (b"", "song.wav cannot be read as audio"),
    ],
)
def test_a_song_that_is_none_is_refused_in_one_sentence(
    project: Path, tmp_path: Path, content: bytes | None, named: str
) -> None:
    if content is not None:
        (tmp_path / "song.wav").write_bytes(content)
    done = _run(project, str(tmp_path / "song.wav"), "-o", str(tmp_path / "stems"))
    assert done.returncode == 1
    assert done.stderr.startswith("iass: ")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert not (tmp_path / "stems").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--targets", "flute"], "no model of 'flute'; choose among: drums, vocals."),
        (["--method", "nonsense"], "There is no method baselines/nonsense.py"),
        (["--method", "ibm"], "ibm is of kind `oracle`; only `trained` and `pretrained` methods"),
        (["--method", "ibm", "--model", "nowhere"], "ibm is of kind `oracle`"),
        (["--method", "umx"], "data/weights/umxhq/vocals-b62c91ce.pth is missing"),
        (["--method", "umx", "--option", "release=umxl"], "umxl/vocals-bccbd9aa.pth is missing"),
        (["--method", "umx", "--option", "release=um"], "options.release is 'um'; choose one of"),
        (["--method", "umx", "--option", "release=["], "--option release=[ is not of the form"),
        (["--method", "iass", "--option", "threshold=0.2"], "iass keeps the options that it was"),
        (["--model", "nowhere"], "no trained model in nowhere; `make demo`"),
        (["-o", "/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    project: Path, tmp_path: Path, arguments: list[str], named: str
) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 500).T, RATE_HZ)
    done = _run(project, str(tmp_path / "song.wav"), "-o", str(tmp_path / "x"), *arguments)
    assert done.returncode == 1
    assert named in done.stderr
    assert done.stderr.startswith("iass: ")
    assert done.stderr.count("\n") == 1


def test_a_variant_is_found_by_its_config_and_without_it_the_config_is_asked_for(
    project: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 500).T, RATE_HZ)
    own = project / "results/models/tiny/mono"
    shutil.copytree(own / "iass", tmp_path / "models/tiny/mono/iass_soft")
    for card in tmp_path.rglob("model.json"):
        card.write_text(card.read_text().replace('"method": "iass"', '"method": "iass_soft"'))
    words = [str(tmp_path / "song.wav"), "-o", str(tmp_path / "stems")]
    words += ["--model", str(tmp_path / "models")]
    for choice in ([], ["--method", "iass_soft"]):
        done = _run(project, *words, *choice)
        assert done.returncode == 1
        assert "There is no method baselines/iass_soft.py; a variant that a config" in done.stderr
        assert "--configfile <the config with 'iass_soft'>" in done.stderr
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    (tmp_path / "without.yaml").write_text(yaml.safe_dump(config))
    config["methods"]["iass_soft"] = {"kind": "trained", "module": "iass"}
    (tmp_path / "with.yaml").write_text(yaml.safe_dump(config))
    done = _run(project, *words, "--configfile", str(tmp_path / "without.yaml"))
    assert "iass_soft.py, and" in done.stderr
    assert "without.yaml defines none of that name" in done.stderr
    done = _run(project, *words, "--configfile", str(tmp_path / "with.yaml"))
    assert done.returncode == 0, done.stderr
    assert "Method: iass_soft, " in done.stdout


def test_a_variant_with_the_weights_of_a_method_separates_with_that_methods_models(
    project: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 5000).T, RATE_HZ)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config["methods"]["muted"] = {
        "kind": "trained",
        "module": "iass",
        "weights_of": "iass",
        "options": {"threshold": 1.0},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    words = [str(tmp_path / "song.wav"), "-o", str(tmp_path), "--method", "muted"]
    done = _run(project, *words, "--configfile", str(tmp_path / "config.yaml"))
    assert done.returncode == 0, done.stderr
    assert "Method: muted, results/models/tiny/mono/iass/*/seed0" in done.stdout
    assert not read_audio(tmp_path / "vocals.wav")[0].any()  # its gate never opens


def test_a_name_with_a_colon_is_a_file_and_no_protocol(project: Path, tmp_path: Path) -> None:
    _write_song(project / "Bach: Suite.m4a", make_music(2, 20480), 44100)
    done = _run(project, "Bach: Suite.m4a", "-o", str(tmp_path), "--targets", "vocals")
    assert done.returncode == 0, done.stderr
    assert read_audio(tmp_path / "vocals.wav")[0].shape[0] == 2


def test_a_song_is_never_overwritten_by_its_estimate(project: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "vocals.wav", make_music(1, 500).T, RATE_HZ)
    before = (tmp_path / "vocals.wav").read_bytes()
    done = _run(project, str(tmp_path / "vocals.wav"), "-o", str(tmp_path))
    assert "vocals.wav would be overwritten" in done.stderr
    assert (tmp_path / "vocals.wav").read_bytes() == before


def test_a_broken_model_card_is_named(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "results", tmp_path / "results")
    card = tmp_path / "results/models/tiny/mono/iass/drums/seed0/model.json"
    card.write_text('{"target": "drums"}')
    done = _run(tmp_path, "song.wav", "-o", "stems")
    assert done.returncode == 1
    assert "model.json: 'channels' is missing or wrong" in done.stderr
