"""`iass separate` with published weights: which files it takes, and how options come to it."""

from pathlib import Path

import soundfile
import torch
import yaml
from released import make_unet, release_unet
from small_models import RATE_HZ, make_music
from test_cli_separate import ROOT, _run


def _save_released(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        torch.save(release_unet(make_unet(seed)), folder / name)


def test_published_weights_of_the_wanted_targets_are_enough(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 5000).T, RATE_HZ)
    folder = tmp_path / "data" / "weights" / "iass_released"
    _save_released(folder, "vox.pth")
    words = [str(tmp_path / "song.wav"), "-o", str(tmp_path / "stems")]
    words += ["--method", "iass_released", "--data-dir", str(tmp_path / "data")]
    done = _run(tmp_path, *words, "--targets", "vocals")
    assert done.returncode == 0, done.stderr
    assert f"Method: iass_released, {folder}. The authors' repository has no" in done.stdout
    assert [path.name for path in (tmp_path / "stems").iterdir()] == ["vocals.wav"]
    done = _run(tmp_path, *words)
    assert f"{folder}/drum.pth is missing; place it there" in done.stderr


def test_options_and_the_data_folder_come_by_the_command_or_by_a_config(
    tmp_path: Path,
) -> None:
    soundfile.write(tmp_path / "song.wav", make_music(1, 5000).T, RATE_HZ)
    _save_released(tmp_path / "here", "vox.pth")
    words = [str(tmp_path / "song.wav"), "-o", str(tmp_path / "stems"), "--targets", "vocals"]
    words += ["--method", "iass_released"]
    folder = ["--option", f"folder={tmp_path / 'here'}"]
    done = _run(tmp_path, *words, *folder)
    assert done.returncode == 0, done.stderr
    assert f"Method: iass_released, {tmp_path / 'here'}. " in done.stdout
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config["data_dir"] = "elsewhere"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    words += ["--configfile", str(tmp_path / "config.yaml")]
    done = _run(tmp_path, *words)
    assert "elsewhere/weights/iass_released/vox.pth is missing" in done.stderr
    done = _run(tmp_path, *words, *folder)
    assert "--option and --configfile exclude each other" in done.stderr
