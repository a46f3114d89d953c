"""`synthband`: multitrack songs composed and rendered from a seed, with their notes (DATA, embedded
sources): the embedded default data set, which needs no download and no account.

`plan_songs` decides what is played, `render_song` plays it, `write_song` files it.
"""

from iass.synthesis.plan import SongPlan, check_request, plan_songs
from iass.synthesis.song import Song, render_song, write_song
from iass.synthesis.vocabulary import RATE_HZ, STEMS

__all__ = [
    "RATE_HZ",
    "STEMS",
    "Song",
    "SongPlan",
    "check_request",
    "plan_songs",
    "render_song",
    "write_song",
]
