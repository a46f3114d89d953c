"""The beginning of a file that is still being downloaded, and of which version of it it is."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json


class Version(BaseModel):
    """What a server says of the file it sends: two versions must not be glued together."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    etag: str = ""
    modified: str = ""
    bytes: int | None = None

    @property
    def validator(self) -> str:
        """What If-Range may carry (RFC 9110, 13.1.5): a strong ETag, else the date, else ""."""
        return self.modified if self.etag.startswith("W/") else self.etag or self.modified

    def is_like(self, other: "Version") -> bool:
        """Return whether nothing that both say differs; a 206 may leave headers out."""
        pairs = (
            (self.etag, other.etag),
            (self.modified, other.modified),
            (self.bytes, other.bytes),
        )
        return all(mine == its for mine, its in pairs if mine and its)


@dataclass(frozen=True)
class Part:
    """The unfinished file <name>.part and, beside it, what is known of the whole."""

    path: Path

    @property
    def size(self) -> int:
        """Bytes there so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read_version(self) -> Version:
        """Return the version that the bytes are of; an empty one where that is not known."""
        try:
            return Version.model_validate(read_json(self._note))
        except (UserError, ValidationError):
            return Version()

    def start(self, version: Version) -> None:
        """Drop what is there. The order keeps a process killed in between from mixing versions."""
        self.path.write_bytes(b"")
        write_json(self._note, version.model_dump())

    def discard(self) -> None:
        """Delete the bytes and what is known of them."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self, target: Path) -> None:
        """Move the complete file to its place."""
        self.path.replace(target)
        self._note.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")
