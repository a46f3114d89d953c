"""Separating a song from file to file: ours and the straightforward way, in one run.

`python bench/separation.py` prints a table; --quick is 10 s and one run, --output a JSON file with
every measurement. IASS, the straightforward way: the network as anybody writes it, eager float32,
the whole song at once, one target after the other. Open-Unmix, the straightforward way: the
package's own Separator, without its Wiener filter, which ours does not have. One thread.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from plain_unet import make_plain
from turns import Work, compare_mallocs, format_costs, measure_here, take_turns, write_costs

from baselines import iass, open_unmix
from iass.foundation.device import choose_device
from iass.foundation.method import BaseMethod
from iass.foundation.stand_ins import import_openunmix
from iass.models.gate import gate_activity
from iass.separation.chosen import Chosen
from iass.separation.file import separate_file

RATE_HZ = 44100
SEED = 5


def main() -> None:
    """Measure and print."""
    if measure_here(WAYS, sys.argv[1:]):
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="songs of 10 s, one run")
    parser.add_argument("--seconds", type=int, default=60, help="length of the song, s")
    parser.add_argument("--output", type=Path, help="JSON file for every measurement")
    arguments = parser.parse_args()
    seconds, runs = (10, 1) if arguments.quick else (arguments.seconds, 3)
    cases = [f"{name}, {count} targets, {seconds} s" for name, count in SYSTEMS]
    costs = take_turns(__file__, WAYS, cases, runs)
    sys.stdout.write(format_costs(costs))
    if arguments.output:
        write_costs(arguments.output, costs)


SYSTEMS = (("iass", 1), ("iass", 6), ("open_unmix", 4))


def read_case(case: str) -> tuple[str, list[str], Path]:
    """Return the system, the targets' names and a song in a folder for this process."""
    torch.set_num_threads(1)
    name, targets, length = case.split(", ")
    song = Path(tempfile.mkdtemp()) / "song.wav"
    samples = int(length.removesuffix(" s")) * RATE_HZ
    channels = 2 if name == "open_unmix" else 1
    noise = np.random.default_rng(SEED).integers(-8000, 8000, (samples, channels), dtype=np.int16)
    soundfile.write(song, noise, RATE_HZ, "PCM_16")
    return name, [f"target{i}" for i in range(int(targets.split()[0]))], song


def build_networks(name: str, targets: list[str]) -> dict[str, Any]:
    """Return untrained networks of the paper's size by target, the same in every process."""
    torch.manual_seed(SEED)
    build: Callable[[], torch.nn.Module] = {
        "iass": lambda: iass.Method().build(RATE_HZ),
        "open_unmix": lambda: open_unmix.Method().build("stereo", RATE_HZ),
    }[name]
    device = choose_device()
    return {target: build().eval().to(device) for target in targets}


def prepare_ours(case: str) -> Work:
    """Return what `iass separate` does with a song; with malloc tuned, what the workflow does."""
    name, targets, song = read_case(case)
    networks = build_networks(name, targets)
    method: BaseMethod = {"iass": iass.Method, "open_unmix": open_unmix.Method}[name]()
    models = {"iass": hold_iass, "open_unmix": hold_open_unmix}[name](networks)
    chosen = Chosen(name, method, models, targets, RATE_HZ, None, "bench")
    return lambda: separate_file(song, song.parent / "ours", chosen)


def hold_iass(networks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the models that our method separates with."""
    method = iass.Method()
    return {t: iass.Model(network.fold(), method, RATE_HZ) for t, network in networks.items()}


def hold_open_unmix(networks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the models that our method separates with."""
    method = open_unmix.Method()
    return {
        t: open_unmix.Model(network, method.stft, RATE_HZ, "stereo")
        for t, network in networks.items()
    }


def prepare_plain(case: str) -> Work:
    """Return the straightforward way."""
    name, targets, song = read_case(case)
    networks = build_networks(name, targets)
    return {"iass": prepare_plain_iass, "open_unmix": prepare_separator}[name](networks, song)


def prepare_plain_iass(networks: Mapping[str, Any], song: Path) -> Work:
    """Return one whole-song pass per target."""
    method, device = iass.Method(), choose_device()
    plain = {t: make_plain(network).eval().to(device) for t, network in networks.items()}

    def separate() -> None:
        for target, network in plain.items():
            mixture = read_song(song)
            with torch.inference_mode():
                spectrum = method.stft.transform(mixture)
                mask, logits = network(spectrum.abs())
                probability = torch.sigmoid(logits[0]).cpu().numpy()
                gate = torch.from_numpy(gate_activity(probability, 0.5, method.filter_length))
                masked = spectrum * mask * gate.to(device)
                audio = method.stft.invert(masked, mixture.shape[-1])[0].cpu()
            soundfile.write(song.parent / f"{target}.wav", audio.numpy().T, RATE_HZ, "FLOAT")

    return separate


def read_song(song: Path) -> torch.Tensor:
    """Return a song (1, channels, samples), on the device."""
    audio, _ = soundfile.read(song, dtype="float32", always_2d=True)
    return torch.from_numpy(audio.T)[None].to(choose_device())


def prepare_separator(networks: Mapping[str, Any], song: Path) -> Work:
    """Return the package's own way."""
    separator = import_openunmix().Separator(dict(networks), niter=0, sample_rate=RATE_HZ)
    separator.eval().to(choose_device())

    def separate() -> None:
        with torch.inference_mode():
            estimates = separator(read_song(song))[0].cpu()
        for target, audio in zip(networks, estimates, strict=True):
            soundfile.write(song.parent / f"{target}.wav", audio.numpy().T, RATE_HZ, "FLOAT")

    return separate


WAYS = compare_mallocs(prepare_ours, prepare_plain)

if __name__ == "__main__":
    main()
