"""What tests of several files share: no copies of data sets, and a mirror with replicas of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from file_server import FileServer
from mirrored import fetch_all, make_card, prepare
from replica import Replicas, serve_replicas, write_replicas

from iass.foundation.card import TrackFiles

VARIABLES = ("MUSDB_PATH", "MEDLEYDB_PATH", "MIXING_SECRETS_PATH", "ZENODO_TOKEN", "IASS_DATA")


@pytest.fixture(scope="session", autouse=True)
def _without_own_data() -> Iterator[None]:
    """Keep what this machine holds of the data sets out of the tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name in VARIABLES:
            environment.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Replicas:
    """Tiny archives of every set."""
    return write_replicas(tmp_path_factory.mktemp("replicas"))


@pytest.fixture(scope="session")
def mirror(replicas: Replicas) -> Iterator[FileServer]:
    """A server of the replicas."""
    with serve_replicas(replicas.folder) as server:
        yield server


@pytest.fixture(scope="session")
def mirrored_data(
    replicas: Replicas, mirror: FileServer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data_dir with the archives of mm and of the sample, fetched from the mirror."""
    return fetch_all(replicas, mirror, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def mm_tracks(mirrored_data: Path, replicas: Replicas) -> dict[str, TrackFiles]:
    """The tracks of mm by id."""
    return prepare(make_card(replicas), mirrored_data)
