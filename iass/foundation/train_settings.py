"""The training settings of the config: what decides a model, and how a machine is used for it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Positive = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]

WITHOUT_EFFECT = ("workers", "data_on_device", "checkpoint_minutes")
"""Training settings that say how a machine is used: changing them retrains nothing."""


class Closed(BaseModel):
    """A section of the config: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TrainSettings(Closed):
    """How the one training loop fits a trained method."""

    schedule: Literal["plateau", "warmup_cosine"] = Field(
        "plateau",
        description="`plateau`: epochs, ReduceLROnPlateau and early stopping on whole validation "
        "songs (the paper); `warmup_cosine`: a fixed number of steps (the demo).",
    )
    chunk_s: PositiveFloat = Field(6.0, description="Length of a training chunk, s (METHOD 2).")
    batch_size: Positive = Field(8, description="Chunks per step (METHOD 2: 8, piano 5).")
    learning_rate: PositiveFloat = Field(1e-3, description="Adam's learning rate (METHOD 2).")
    weight_decay: float = Field(1e-5, ge=0, description="Adam's weight decay (METHOD 2).")
    steps: Positive = Field(1000, description="Steps in all; `warmup_cosine` only.")
    warmup: float = Field(
        0.05, ge=0, lt=1, description="Share of the steps with a rising rate; `warmup_cosine` only."
    )
    epochs: Positive = Field(1000, description="Most epochs; `plateau` only (METHOD 2).")
    chunks_per_track: Positive = Field(
        1, description="Chunks drawn per song and epoch; `plateau` only (Open-Unmix: 64)."
    )
    lr_gamma: float = Field(
        0.3, gt=0, lt=1, description="Factor on the rate at a plateau (METHOD 2)."
    )
    lr_patience: Positive = Field(80, description="Epochs without gain before it (METHOD 2).")
    lr_cooldown: int = Field(
        0, ge=0, description="Epochs after it in which none counts (Open-Unmix: 10)."
    )
    patience: Positive = Field(
        140, description="Epochs without gain before training stops (METHOD 2: 100 to 140)."
    )
    gain: tuple[float, float] = Field(
        (0.25, 1.25), description="Range of the random gain of each stem, factor (METHOD 2)."
    )
    channel_swap: bool = Field(
        False, description="Exchange left and right at random, stereo only (Open-Unmix: true)."
    )
    remix: bool = Field(
        False, description="Mix stems of different songs (the paper: no; Open-Unmix: yes)."
    )
    active_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least share of chunks in which the target plays; null draws without looking "
        "(DEMO: 0.8).",
    )
    validate_every: Positive = Field(
        1,
        description="Epochs (`plateau`) or steps (`warmup_cosine`) between validations.",
    )
    validation_s: PositiveFloat | None = Field(
        None,
        description="Validate on the middle of each song, of this length, s; null: on whole songs "
        "(METHOD 2, 3). At one chunk per song and epoch, whole songs cost more than the training.",
    )
    accumulate: Positive = Field(
        1,
        description="Parts of a batch that one process computes one after the other, for less "
        "memory; `batch_size` stays the whole step's. Batch norm sees each part alone.",
    )
    processes: Positive = Field(
        1,
        description="Processes that share each batch, a GPU each; two with `accumulate: 1` learn "
        "what one with `accumulate: 2` does, up to rounding.",
    )
    sync_batch_norm: bool = Field(
        False, description="Let batch norm see the parts of all processes together; GPUs only."
    )
    precision: Literal["float32", "bf16"] = Field(
        "float32",
        description="`bf16`: the network computes in bfloat16 where torch's autocast allows it; "
        "weights, losses and validation stay float32. For GPUs.",
    )
    compile: bool = Field(
        False, description="Let torch.compile fuse the network's operations; needs a C++ compiler."
    )
    workers: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="Processes that load chunks ahead; changes no result. Null: none on a CPU, "
        "where loading takes 1 to 6 % of a step, 4 for a GPU, 0 with `data_on_device`.",
    )
    data_on_device: bool = Field(
        False,
        description="Keep all songs in the memory of the GPU and mix there; changes no result. "
        "454 mono songs of 16 bits take 19 GB.",
    )
    checkpoint_minutes: PositiveFloat = Field(
        10.0,
        description="A checkpoint is written when the last one is so old, min, besides at each "
        "validation; changes no result.",
    )

    @field_validator("gain")
    @classmethod
    def _check_gain(cls, gain: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= gain[0] <= gain[1]:
            raise ValueError("give two factors, 0 <= lowest <= highest")
        return gain

    @model_validator(mode="after")
    def _check_parts(self) -> "TrainSettings":
        if self.batch_size % (self.accumulate * self.processes):
            raise ValueError("`batch_size` must be a multiple of `accumulate` times `processes`")
        if self.sync_batch_norm and self.processes == 1:
            raise ValueError("`sync_batch_norm` needs two `processes` or more")
        if self.data_on_device and self.workers:
            raise ValueError("with `data_on_device` there is nothing to load for `workers`")
        return self

    @property
    def parts(self) -> int:
        """Parts into which a batch is divided."""
        return self.accumulate * self.processes

    def outcome(self) -> dict[str, Any]:
        """Return the settings that decide the result, without those that change no byte of it."""
        return self.model_dump(exclude=set(WITHOUT_EFFECT))
