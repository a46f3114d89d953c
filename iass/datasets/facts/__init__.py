"""Small tables of facts about published data sets, one CSV each, and their reader.

labels               instrument label -> target and level; our own judgement
medleydb_versions    MedleyDB's tracks with published audio -> version V1 or V2
medleydb_errata      its files with a known fault (ERRATA.md in marl/medleydb), names corrected
musdb18              MUSDB18's tracks by folder name -> split and licence (sigsep/website)
musdb18_errata       known faults of MUSDB18, each with the thread that reported it
artist_aliases       other names of an artist
song_names           artist and title of tracks whose metadata do not tell them
authors_test_tracks  the songs in the paper's authors' scores of acoustic guitar
medleydb_metadata    MedleyDB's tracks with published audio -> sha256 of the metadata file
mixing_secrets_metadata  Mixing Secrets' tracks -> sha256 of the metadata file
mixing_secrets_archives  its tracks -> zips, rounded size (2021), year of the list with the address
                     (2017: only there, address after the pattern of the song's first zip)
training_hours       hours that a training took, by files of method and training set, and target
training_memory      peak memory of a training, GB (10^9 bytes); docs/COSTS.md tells of both
"""

import csv
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def read_facts(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of `name`.csv, each by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))
