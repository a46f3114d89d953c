"""What a method is. Its kind decides what it may see, and the interface enforces it.

Constructors only store options and check their ranges (every `Method` is a frozen dataclass).
Audio is float32 (channels, samples) at full scale +-1; each estimate has the mixture's shape.
`separate` is pure: it leaves the mixture untouched and gives finite values at any gain, from one
sample to minutes.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from iass.foundation.audio import Channels, FloatArray
from iass.foundation.card import Archive, Split
from iass.foundation.config import Kind, TrainSettings


@dataclass(frozen=True)
class Activity:
    """Predicted instrument activity of one estimate.

    probability and gate have shape (frames,); the gate is what was applied to the mask, open from
    0.5; frame i is centred at i * hop_s seconds. A method that has only one gives it as both.
    """

    probability: FloatArray
    gate: FloatArray
    hop_s: float


@dataclass(frozen=True)
class Estimate:
    """One separated target: audio (channels, samples) and, where predicted, its activity."""

    audio: FloatArray
    activity: Activity | None = None


@dataclass(frozen=True)
class FitJob:
    """All that a training may see: the training set by its files, never a test track.

    `manifest` and `labels` are what prepare wrote; the model goes to `folder` as
    model.safetensors and model.json; `checkpoints` is a folder that survives a killed job.
    """

    manifest: Path
    labels: Path
    target: str
    channels: Channels
    seed: int
    folder: Path
    checkpoints: Path
    settings: TrainSettings
    provenance: Mapping[str, str]


@dataclass(frozen=True)
class Blocks:
    """How a long song is cut for a method, in samples; memory then does not grow with the song.

    The method gets `length` new samples at a time with `context` on either side, less at the ends
    of the song, and what it makes of the context is dropped. Where no sample of an estimate depends
    on more than `context` around it, blocks join as if they had never been cut. They begin at
    multiples of `unit`, such as an STFT's hop, to which `length` and `context` are rounded up.
    """

    length: int
    context: int
    unit: int = 1


class BaseMethod(ABC):
    """Common root of all kinds."""

    kind: ClassVar[Kind]

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks | None:
        """Return how songs are cut; None, unless a method says more: each is handed over whole.

        `models` are the loaded models of a trained method.
        """
        return None


class Bound(BaseMethod):
    """Sees the mixture alone and has nothing to learn; marks a floor or a control."""

    kind = "bound"

    @abstractmethod
    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        """Return one estimate per target."""


class Oracle(BaseMethod):
    """Sees mixture and references; marks a ceiling. The only kind that the truth reaches."""

    kind = "oracle"

    @abstractmethod
    def separate(
        self, mixture: FloatArray, rate_hz: int, references: Mapping[str, FloatArray]
    ) -> dict[str, Estimate]:
        """Return one estimate per reference."""


class Trained(BaseMethod):
    """Learns one model per target from training tracks, then sees the mixture alone."""

    kind = "trained"

    separation_options: ClassVar[tuple[str, ...]] = ()
    """Options without influence on the training: `weights_of` makes variants by them."""

    @abstractmethod
    def fit(self, job: FitJob) -> None:
        """Train the model of `job.target`; write model.safetensors and model.json."""

    @abstractmethod
    def load(self, folder: Path) -> Any:
        """Return the model that `fit` wrote to `folder`, ready to separate."""

    def vary(self, model: Any, options: Mapping[str, Any]) -> Any:
        """Return a loaded model with other `separation_options`; a method that has any says how."""
        raise NotImplementedError

    @abstractmethod
    def separate(
        self, mixture: FloatArray, rate_hz: int, models: Mapping[str, Any]
    ) -> dict[str, Estimate]:
        """Return one estimate per loaded model."""


class Pretrained(BaseMethod):
    """Sees the mixture alone, with weights that somebody else trained and published.

    `targets` and `trained_on` stand in the class as literals: the plan reads them from the file,
    without the method's software.
    """

    kind = "pretrained"

    targets: ClassVar[tuple[str, ...]]
    """What the weights separate."""
    trained_on: ClassVar[Mapping[str, tuple[Split, ...]]]
    """Cards, and the splits of them whose songs the weights learned: all where nobody knows."""
    citation: ClassVar[str]
    access: ClassVar[str]
    """How to get the weights, for a person: one sentence."""

    @property
    @abstractmethod
    def licence(self) -> str:
        """The terms of the weights, and what they learned."""

    @property
    def archives(self) -> Mapping[str, Archive]:
        """What to download, by names such as the targets; nothing where a person places files.

        Each is kept as <data_dir>/weights/<name>. Of a name such as vocals-b62c91ce.pth the digits
        are the beginning of the file's sha256, and are compared.
        """
        return {}

    def list_files(self, folder: Path) -> dict[str, Path]:
        """Return the weight files by the same names; `folder` is <data_dir>/weights."""
        return {name: folder / archive.name for name, archive in self.archives.items()}

    def select_files(self, files: Mapping[str, Path], targets: Sequence[str]) -> Mapping[str, Path]:
        """Return those of `list_files` that `separate` takes for `targets`; all, if not told."""
        return files

    @abstractmethod
    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Return the models in files of `list_files`. UserError names one that does not fit.

        A file is never run: no pickle but by torch.load(weights_only=True).
        """

    @abstractmethod
    def separate(
        self,
        mixture: FloatArray,
        rate_hz: int,
        models: Mapping[str, Any],
        targets: Sequence[str],
    ) -> dict[str, Estimate]:
        """Return one estimate per target; `models` is what `load` returned."""


@dataclass(frozen=True)
class Command(BaseMethod):
    """Any program with a command line; sees a folder with the mixture, writes a WAV per target.

    `command` may use {mixture}, {output}, {targets} and {python}, see config/README.md.
    """

    kind = "command"

    command: str
