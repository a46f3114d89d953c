"""The config: its closed schema, its defaults, and the sentence that names a wrong key.

The YAML file says what to compare; every field below says what it means, its unit and its source.
`python -m iass config` prints this as config/README.md.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from iass.foundation.addresses import check_mirror
from iass.foundation.audio import Channels
from iass.foundation.errors import UserError
from iass.foundation.train_settings import Closed, Positive
from iass.foundation.train_settings import TrainSettings as TrainSettings

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Kind = Literal["bound", "oracle", "trained", "pretrained", "command"]
Protocol = Literal["joint", "per_target"]
EngineName = Literal["exact", "museval"]
FrameLength = Annotated[float, Field(ge=0.001)]  # below, it could round to no sample


class DatasetEntry(Closed):
    """One data set, or a variant of one."""

    module: Name | None = Field(
        None, description="File in iass/datasets/ with the card; default: the entry's name."
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of that card (fields of its class `DataSet`)."
    )
    shards: Positive = Field(
        1, description="Number of jobs that share its test tracks, per method; changes no score."
    )


class MethodEntry(Closed):
    """One method, or a variant of one."""

    kind: Kind = Field(
        description="What it may see: `bound`, `oracle`, `trained`, `pretrained` or `command`."
    )
    module: Name | None = Field(
        None, description="File in baselines/ with the class `Method`; default: the entry's name."
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the method (fields of its class `Method`)."
    )
    env: Name | None = Field(
        None, description="File in workflow/envs/ with its software; default: `method`."
    )
    train: TrainSettings = Field(
        default_factory=TrainSettings, description="Training settings; `trained` only."
    )
    weights_of: Name | None = Field(
        None,
        description="Trained method of the same module whose models this variant separates with, "
        "instead of a training of its own; `options` then are the ones that differ, and need no "
        "training (of IASS: gate, threshold, filter_length); `trained` only.",
    )
    command: str | None = Field(
        None,
        description="Command line with {mixture} (a WAV), {output} (a folder for one WAV per "
        "target), {targets} (names: as words of their own, or joined by commas inside a word as in "
        "`--t={targets}`) and {python}; the first two are needed; `command` only.",
    )

    @field_validator("command")
    @classmethod
    def _check_command(cls, command: str | None) -> str | None:
        words = " ".join(shlex.split(command or ""))  # ValueError where a quotation stays open
        for needed in ("{mixture}", "{output}"):
            if command is not None and needed not in words:
                raise ValueError(f"the command line does not contain {needed}")
        return command

    @model_validator(mode="after")
    def _check_kind(self) -> "MethodEntry":
        if (self.kind == "command") != (self.command is not None):
            raise ValueError("`command` is needed by kind `command`, and only by it")
        if self.kind == "command" and (self.module or self.options):
            raise ValueError("kind `command` takes no `module` and no `options`")
        if self.kind != "trained" and self.model_fields_set & {"train", "weights_of"}:
            raise ValueError("`train` and `weights_of` belong to kind `trained` only")
        if self.weights_of is not None and "train" in self.model_fields_set:
            raise ValueError("with `weights_of` nothing is trained: leave `train` out")
        return self


class Experiment(Closed):
    """One comparison: methods trained on one set and scored on others."""

    train_on: Name | None = Field(
        None, description="Data set (its train and valid tracks); null: no trained method."
    )
    test_on: list[Name] = Field(min_length=1, description="Data sets whose test tracks are scored.")
    targets: list[Name] = Field(min_length=1, description="Targets to separate, in figure order.")
    methods: list[Name] = Field(min_length=1, description="Methods to compare, in figure order.")
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        default=[0], min_length=1, description="One training per seed and trained method."
    )
    channels: Channels = Field(
        "stereo", description="`mono`: (L+R)/2 for mixture, references and networks; or `stereo`."
    )
    protocol: Protocol | None = Field(
        None, description="Overrides the scoring protocol of the data sets' cards."
    )

    errata: Literal["keep", "drop"] = Field(
        "keep",
        description="Tracks with a known fault (flag erratum:...) in tables and figures: published "
        "numbers include them; scores are kept in the table either way.",
    )
    allow_overlap: bool = Field(
        False,
        description="Score on songs that were trained on as well (refused otherwise); every table "
        "and figure of the experiment then says so.",
    )

    @field_validator("test_on", "targets", "methods", "seeds")
    @classmethod
    def _check_distinct(cls, values: list[Any]) -> list[Any]:
        twice = [value for i, value in enumerate(values) if value in values[:i]]
        if twice:
            raise ValueError(f"{twice[0]!r} is listed twice")
        return values


class Scoring(Closed):
    """How estimates are scored."""

    engine: EngineName = Field(
        "exact",
        description="BSSEval v4 by `exact`, our engine with museval's numbers, or by `museval` "
        "itself, the reference (tens of times slower).",
    )
    window_s: FrameLength = Field(1.0, description="Frame length, s (museval's default).")
    hop_s: FrameLength = Field(1.0, description="Frame distance, s (museval's default).")


class Claims(Closed):
    """How the paper's claims are checked, reports/claims.md."""

    margin_db: float = Field(
        0.5,
        gt=0,
        description="Two methods count as equal where their paired difference in SDR is shown to "
        "be smaller than this, dB. Not published; chosen here: two published trainings of "
        "Open-Unmix (umx and umxhq) lie 0.07 to 0.31 dB apart.",
    )


class Listen(Closed):
    """The listening page, reports/listen: excerpts of test songs and of what became of them."""

    tracks: int = Field(
        2,
        ge=0,
        description="Test tracks per data set: those in which most targets sound, without known "
        "faults, the first of equals. 0: no page.",
    )
    names: dict[Name, list[str]] = Field(
        default_factory=dict,
        description="Ids of the test tracks to hear instead, by data set; [] for none of it.",
    )
    seconds: float = Field(
        10.0,
        ge=1.0,
        description="Length of an excerpt, s: where most targets play.",
    )
    mp3_quality: int = Field(
        4,
        ge=0,
        le=9,
        description="LAME's variable bit rate, 0 (best) to 9 (smallest); 4 takes about 70 kbit/s "
        "in mono and 140 in stereo.",
    )
    max_mb: float = Field(
        25.0,
        gt=0,
        description="Most that the page may take, MB (10^6 bytes); a song beyond it is left out, "
        "and the page says so.",
    )
    private: bool = Field(
        False,
        description="The page is for your own use: it may hold tracks whose licence forbids "
        "publication (else they are left out, and the page says so).",
    )


class Config(Closed):
    """A whole config file."""

    data_dir: str = Field(
        "data", description="Folder of all large files; the variable IASS_DATA overrides it."
    )
    accept_licences: list[Name] = Field(
        default_factory=list,
        description="Data sets whose licence you accept; `iass data list` prints the terms.",
    )
    mirror: str | None = Field(
        None,
        description="Address of your laboratory's copy: archives come from <mirror>/<archive>; "
        "checksums stay enforced.",
    )
    checksums: str = Field(
        "config/checksums.json",
        description="Lock file: size and sha256 of every download without published checksum, "
        "recorded the first time and enforced ever after. Commit it.",
    )
    keep_estimates: bool = Field(False, description="Keep the separated WAVs under results/.")
    stale_models: Literal["retrain", "keep"] = Field(
        "retrain",
        description="What a change of the training code does to finished models: `retrain`, or "
        "`keep` (they are named as stale when the workflow starts).",
    )
    datasets: dict[Name, DatasetEntry] = Field(min_length=1, description="The data sets, by name.")
    methods: dict[Name, MethodEntry] = Field(min_length=1, description="The methods, by name.")
    experiments: dict[Name, Experiment] = Field(
        min_length=1, description="The experiments, by name."
    )
    scoring: Scoring = Field(default_factory=Scoring, description="How estimates are scored.")
    claims: Claims = Field(default_factory=Claims, description="How claims are checked.")
    listen: Listen = Field(
        default_factory=Listen,
        description="What the listening page holds; a change of any key but `max_mb` separates "
        "again, unless `keep_estimates`.",
    )


def load_config(path: Path) -> Config:
    """Read and check a config file. UserError names the wrong key and the file."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; correct --configfile.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    return parse_config(raw, str(path))


def parse_config(raw: object, where: str) -> Config:
    """Check the content of a config; `where` is the file that the error sentence names."""
    if not isinstance(raw, dict):
        raise UserError(f"{where} holds no keys; start from config/config.yaml.")
    if isinstance(raw.get("mirror"), str):  # first: other sentences may show a part of the config
        check_mirror(raw["mirror"], f"{where}: 'mirror'")
    try:
        config = Config.model_validate(_fill_empty_entries(raw))
    except ValidationError as error:
        raise UserError(_first_error(error, where)) from None
    _check_references(config, where)
    return config


def _fill_empty_entries(raw: dict[str, Any]) -> dict[str, Any]:
    """Read `falcon69:` with nothing behind it as an entry without options."""
    datasets = raw.get("datasets")
    if not isinstance(datasets, dict):
        return raw
    return raw | {"datasets": {name: entry or {} for name, entry in datasets.items()}}


def _first_error(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the top level"
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key '{key}'; config/README.md lists the known ones."
    return f"{where}: '{key}' is wrong: {first['msg']} (found {first['input']!r:.60})."


def _check_references(config: Config, where: str) -> None:
    sets = list(config.listen.names)
    _check_known(sets, config.datasets, f"{where}: listen.names", "data set", "datasets")
    for name, method in config.methods.items():
        _check_owner(name, method, config.methods, f"{where}: methods.{name}.weights_of")
    for name, experiment in config.experiments.items():
        sets = [*experiment.test_on, *([experiment.train_on] if experiment.train_on else [])]
        _check_known(sets, config.datasets, f"{where}: experiments.{name}", "data set", "datasets")
        _check_known(
            experiment.methods, config.methods, f"{where}: experiments.{name}", "method", "methods"
        )
        trained = [m for m in experiment.methods if config.methods[m].kind == "trained"]
        if trained and experiment.train_on is None:
            raise UserError(
                f"{where}: experiments.{name} compares the trained method '{trained[0]}' but has "
                "no 'train_on'; name the data set to train on."
            )


def _check_owner(
    name: str, method: MethodEntry, methods: Mapping[str, MethodEntry], at: str
) -> None:
    """UserError if a variant's models would come from no training of the same module."""
    if method.weights_of is None:
        return
    _check_known([method.weights_of], dict(methods), at, "method", "methods")
    owner = methods[method.weights_of]
    if owner.kind != "trained" or owner.weights_of is not None:
        raise UserError(f"{at} names '{method.weights_of}', which is not trained itself.")
    if (method.module or name) != (owner.module or method.weights_of):
        raise UserError(f"{at} names '{method.weights_of}', which is of another `module`.")


def _check_known(names: list[str], known: dict[str, Any], at: str, what: str, key: str) -> None:
    for name in names:
        if name not in known:
            raise UserError(f"{at} names the {what} '{name}', which '{key}' does not define.")
