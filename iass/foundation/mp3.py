"""MP3, for audio that a browser plays.

Every browser decodes MP3, Safari with them, which Ogg and FLAC cannot say. The header tells how
many samples the encoder put before and behind, so that a decoder which reads it gives back the
same number of samples; one that does not shifts all files of one encoder alike.
"""

import io

import soundfile

from iass.foundation.audio import FloatArray

_QUALITIES = 10  # LAME's -V 0 (best) to -V 9; libsndfile divides the range 0 to 1 by it


def encode_mp3(audio: FloatArray, rate_hz: int, quality: int) -> bytes:
    """Return (channels, samples), mono or stereo, as an MP3 of variable bit rate.

    `quality` is LAME's -V, 0 (best) to 9. Equal audio gives equal bytes. The rate is one of MPEG's:
    44100, 48000 or 32000 Hz, or half of these.
    """
    file = io.BytesIO()
    soundfile.write(
        file,
        audio.T,
        rate_hz,
        subtype="MPEG_LAYER_III",
        format="MP3",
        compression_level=quality / _QUALITIES,
        bitrate_mode="VARIABLE",
    )
    return file.getvalue()
