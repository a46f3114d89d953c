"""Songs as MedleyDB's YAML files describe them; Mixing Secrets uses the same schema."""

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from iass.foundation.errors import UserError

SUFFIX = "_METADATA.yaml"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, ten times as fast


def _check_name(name: str) -> str:
    plain = PurePosixPath(name).name == PureWindowsPath(name).name == name
    if not plain or name in ("", ".."):
        raise ValueError("must be the name of a file, without a folder")
    return name


def _list_labels(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _parse_flag(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


FileName = Annotated[str, AfterValidator(_check_name)]
Labels = Annotated[list[str], BeforeValidator(_list_labels), Field(min_length=1)]
Flag = Annotated[bool, BeforeValidator(_parse_flag)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, validate_by_name=True)


class Raw(_Strict):
    """One recorded file of a stem; its free-form labels are not those that songs are counted by."""

    filename: FileName
    labels: Labels = Field(alias="instrument")


class Stem(_Strict):
    """One stem: the sum of its raw files. `component` is its role in the song."""

    filename: FileName
    labels: Labels = Field(alias="instrument")
    component: Literal["", "melody", "bass"]
    raws: dict[str, Raw] = Field(alias="raw")


class Song(_Strict):
    """One song. `has_bleed` is a judgement on the song as a whole; ERRATA.md lists exceptions."""

    id: str
    title: str
    artist: str
    has_bleed: Flag
    mix_filename: FileName
    raw_dir: FileName
    stem_dir: FileName
    stems: dict[str, Stem]


def read_song(path: Path) -> Song:
    """Read one file named <track id>_METADATA.yaml.

    UserError names the file and the field that is missing or malformed. No tag of YAML runs code.
    """
    try:
        fields = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not readable YAML ({reason}); fetch it again.") from None
    if not isinstance(fields, dict):
        raise UserError(f"{path} does not describe a song; fetch it again.")
    try:
        return Song.model_validate(fields | {"id": path.name.removesuffix(SUFFIX)})
    except ValidationError as error:
        raise UserError(f"{path}: {_describe(error)}; fetch the file again.") from None


def read_songs(folder: Path) -> list[Song]:
    """Read every song of a folder, sorted by track id. UserError where there is none."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise UserError(
            f"{folder} holds no file named <track id>{SUFFIX}; give the folder of the set's "
            "metadata in which these lie."
        )
    return [read_song(path) for path in paths]


def _describe(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"field '{field}': {first['msg']}"
