"""mixing_secrets: 258 multitrack songs, the other half of the paper's second set."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from statistics import fmean

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.card import (
    MultitrackCard,
    fetch_metadata,
    publish,
    read_metadata,
)
from iass.datasets.multitracks.layout import find_song_folders, keep_audio
from iass.datasets.multitracks.sources import list_metadata, list_multitracks
from iass.datasets.multitracks.tracks import Material, build_tracks
from iass.datasets.splits import Assignment
from iass.foundation.card import PublishedSong, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes

MATERIAL = Material("mixing_secrets", has_stems=False, licence="educational purposes only")
MULTITRACKS = list_multitracks()

MEAN_S = 251.0  # of the 100 songs of DSD100, which are from here (sigsep.github.io/datasets)
ZIP_BYTES = 1e6 * fmean(
    float(row["megabytes"])
    for row in read_facts("mixing_secrets_archives")
    if row["megabytes"]  # for 246 of the 258
)
UNPACKED = 1.38  # times the zip: as in MUSDB18-HQ
BUILT_FILES, STORED_STEMS = 4.4, 3.7  # per song, counted from the metadata


@dataclass(frozen=True)
class DataSet(MultitrackCard):
    """One zip of raw tracks per song; a stem is the mean of the raw tracks of its group.

    Songs that contain the instrument, and those of them without bleed, counted from the metadata:
    bass 189 and 159, drums 229 and 201, vocals 197 and 170, electric guitar 165 and 145,
    acoustic guitar 72 and 65, piano 74 and 58. Songs without a published address are left out.
    """

    title = "Mixing Secrets"
    description = (
        "258 songs of raw tracks, 24 or 16 bits and mostly 44.1 kHz, with 230 free-form instrument "
        "labels; about 108 GB of zips. No mixture is published: it is the sum of the stems."
    )
    citation = (
        "Gururani, Lerch: Mixing Secrets, a multi-track dataset for instrument recognition in "
        "polyphonic music, ISMIR late-breaking demo 2017."
    )
    licence = (
        "Audio for educational purposes only: no redistribution, on no public page either; the "
        "metadata have no licence file and are fetched, not shipped."
    )
    access = (
        "The multitrack zips are listed at https://www.cambridge-mt.com/ms/mtk/; a song whose zip "
        "is gone can be named in the option 'leave_out'."
    )
    local_variable = "MIXING_SECRETS_PATH"
    archives = (*list_metadata("mixing_secrets").values(), *chain(*MULTITRACKS.values()))

    def choose_songs(self) -> list[Assignment]:
        """Return the songs of the split that have an address, or all where a copy may have them."""
        rows = self.choose_of("mixing_secrets")
        return rows if self.find_local() else [row for row in rows if row.track in MULTITRACKS]

    def list_songs(self) -> list[PublishedSong]:
        """Return all songs of the split: others may have learned from one without an address."""
        return list(map(publish, self.choose_of("mixing_secrets")))

    @property
    def footprint(self) -> Footprint:
        """Zips, the raw files in them, and stems and stores as floats: they are means."""
        songs = self.choose_songs()
        zips = ZIP_BYTES * sum(len(MULTITRACKS.get(song.track, ())) for song in songs)
        return Footprint(
            archives=zips,
            unpacked=zips * UNPACKED,
            built=count_audio_bytes(len(songs) * MEAN_S, BUILT_FILES, bytes_per_sample=4),
            stores=count_audio_bytes(len(songs) * MEAN_S, STORED_STEMS, bytes_per_sample=4),
        )

    def fetch(self, tools: Tools) -> None:
        """Download the metadata and, where no local copy is used, the songs' zips."""
        rows = self.choose_songs()
        fetch_metadata(tools, "mixing_secrets", rows)
        if self.find_local() is None:
            tools.fetch([zip_ for row in rows for zip_ in MULTITRACKS[row.track]], self.access)

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Average and sum the raw files to a stem per target, and these to the mixture."""
        songs = read_metadata(tools, "mixing_secrets", self.choose_songs(), self.bleed)
        folders = self._find_folders(tools, [song.id for _, song in songs])
        usable = [item for item in songs if item[1].id in {*folders, *MULTITRACKS}]
        return build_tracks(tools, self, MATERIAL, usable, folders)

    def _find_folders(self, tools: Tools, tracks: Sequence[str]) -> dict[str, list[Path]]:
        local = self.find_local()
        if local is None:
            return {track: tools.unpack_all(MULTITRACKS[track], keep_audio) for track in tracks}
        zips = {PurePosixPath(z.name).stem: t for t in tracks for z in MULTITRACKS.get(t, ())}
        return find_song_folders(local, zips | {track: track for track in tracks})
