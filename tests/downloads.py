"""What the tests of downloads share: a file, a quick way to fetch it, and a child that does."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from file_server import FileServer

from iass.preparation.checksums import ChecksumLock
from iass.preparation.download import Source, fetch_file
from iass.preparation.transfer import Patience

ROOT = Path(__file__).parents[1]
CONTENT = np.random.default_rng(4).bytes(3_000_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
QUICK = Patience(tries=3, base_s=0.01, longest_s=5.0, timeout_s=5.0)
# argv: URL, folder, and what to do once everything is imported.
_CHILD = """
import sys
from pathlib import Path
from iass.foundation.errors import UserError
from iass.preparation.checksums import ChecksumLock
from iass.preparation.download import Source, fetch_file
url, folder, preamble = sys.argv[1:]
exec(preamble)
try:
    source = Source("set.zip", url, token_variable="SOME_TOKEN")
    fetch_file(source, Path(folder), ChecksumLock(Path(folder) / "lock.json"))
except UserError as error:
    sys.exit(str(error))
"""


def fetch(
    server: FileServer, folder: Path, path: str = "set", patience: Patience = QUICK, **known: object
) -> Path:
    """Fetch <url>/<path> as set.zip, with a lock beside it."""
    source = Source("set.zip", f"{server.url}/{path}", **known)
    return fetch_file(source, folder, ChecksumLock(folder / "lock.json"), patience=patience)


def start_child(
    url: str, folder: Path, preamble: str = "", stderr: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """Start another Python that fetches `url` as set.zip and prints what a user would see."""
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, url, folder, preamble],
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stderr=stderr,
        text=True,
    )


def list_visible(folder: Path) -> set[str]:
    """Return the names in a folder, without the hidden mutexes."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}
