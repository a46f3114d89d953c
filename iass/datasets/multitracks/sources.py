"""Which files make MedleyDB and Mixing Secrets: metadata at pinned commits, and zips by song."""

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import SUFFIX
from iass.foundation.card import Archive

_RAW = "https://raw.githubusercontent.com"
_ADDRESSES = {
    "medleydb": (
        f"{_RAW}/marl/medleydb/537bb7bad0601fc58e4fff8404f71658b86ef60e/medleydb/data/Metadata"
    ),
    "mixing_secrets": (
        f"{_RAW}/SiddGururani/mixing_secrets/0781bc32bcd246898b5fa1646e8b1828ae8be631/metadata"
    ),
}


def list_metadata(dataset: str) -> dict[str, Archive]:
    """Return the file of metadata of every song of a set by track id, each with its sha256."""
    return {
        row["track"]: Archive(
            name=f"{dataset.replace('_', '-')}-metadata/{row['track']}{SUFFIX}",
            url=f"{_ADDRESSES[dataset]}/{row['track']}{SUFFIX}",
            checksum=f"sha256:{row['sha256']}",
        )
        for row in read_facts(f"{dataset}_metadata")
    }


def list_multitracks() -> dict[str, tuple[Archive, ...]]:
    """Return the zips of every song of Mixing Secrets that has an address, by track id.

    Sizes are published in rounded megabytes and no checksums at all: the first download counts.
    """
    zips: dict[str, tuple[Archive, ...]] = {}
    for row in read_facts("mixing_secrets_archives"):
        archive = Archive(f"mixing-secrets/{row['url'].rpartition('/')[2]}", row["url"])
        zips[row["track"]] = (*zips.get(row["track"], ()), archive)
    return zips
