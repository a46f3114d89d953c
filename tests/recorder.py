"""Recording what a listening page plays, sample by sample, with the times of its audio clock."""

import base64
from dataclasses import dataclass

import numpy as np
from listening import RATE_HZ, Tab

from iass.foundation.audio import FloatArray

_LENGTH = 2048  # samples that tell noise from noise

_START = """async () => {
  const { player } = listen;
  player.openContext();
  const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    process([[samples]]) {
      this.port.postMessage({ frame: currentFrame, samples: samples ?? new Float32Array(128) });
      return true;
    }
  })`;
  const address = `data:text/javascript,${encodeURIComponent(code)}`; // file:// refuses blobs
  await player.context.audioWorklet.addModule(address);
  const recorder = new AudioWorkletNode(player.context, "recorder");
  window.recorded = [];
  recorder.port.onmessage = ({ data }) => {
    if (window.recorded.at(-1)?.frame !== data.frame - 128) window.recorded = []; // after a gap
    window.recorded.push(data);
  };
  player.master.connect(recorder).connect(player.context.destination);
}"""

_READ = """async (wanted) => {
  const encode = (parts) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob(parts));
  });
  const rows = wanted.map((row) => encode([listen.view.rows[row].buffer.getChannelData(0)]));
  const samples = await encode(window.recorded.map((each) => each.samples));
  return { first: window.recorded[0].frame, samples, rows: await Promise.all(rows) };
}"""


@dataclass(frozen=True)
class Place:
    """Which sample of a row sounded at a sample of the audio clock, how loud, and what else did."""

    clock: int
    sample: int
    gain: float
    rest: float  # largest sample of what is not this row


@dataclass(frozen=True)
class Recording:
    """What sounded: `samples` (samples,) from `first` of the audio clock on, and the rows."""

    first: int
    samples: FloatArray
    rows: dict[int, FloatArray]

    def locate(self, row: int, time: float) -> Place:
        """Find what sounded just before `time` (s on the audio clock) in a row."""
        end = int(time * RATE_HZ) - self.first
        heard = self.samples[end - _LENGTH : end].astype(np.float64)
        assert end >= _LENGTH == len(heard), "the recording has a gap at this time"
        source = self.rows[row].astype(np.float64)
        size = 1 << (len(source) + _LENGTH).bit_length()
        spectrum = np.fft.rfft(source, size) * np.conj(np.fft.rfft(heard, size))
        found = int(np.argmax(np.fft.irfft(spectrum, size)[: len(source) - _LENGTH + 1]))
        part = source[found : found + _LENGTH]
        gain = float(heard @ part / (part @ part))
        rest = float(np.abs(heard - gain * part).max())
        return Place(end - _LENGTH + self.first, found, gain, rest)


def start_recording(tab: Tab) -> None:
    """Record from now on what reaches the loudspeaker."""
    tab.ask(_START)


def read_recording(tab: Tab, *rows: int) -> Recording:
    """Return what was recorded up to now, and the clips of some rows."""
    found = tab.ask(_READ, rows)
    clips = dict(zip(rows, map(_decode, found["rows"]), strict=True))
    return Recording(found["first"], _decode(found["samples"]), clips)


def _decode(text: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(text), np.float32)
