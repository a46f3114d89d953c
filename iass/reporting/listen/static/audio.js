"use strict";
/* Sound. All rows start together at one time of the audio clock and run on, heard or not; a switch
   changes gains alone, so it is instant and no row can get ahead of another. */

const RATE_HZ = 44100; // of decoding and of the context, so that no row is resampled while it plays
const RAMP_S = 0.005; // of every gain: too short to notice, long enough not to click
const LEAD_S = 0.05; // from scheduling a start to its moment

const decoder = new OfflineAudioContext(1, 1, RATE_HZ); // works before the reader's first click

/** Decode the clip of a data URL; all clips of a song get the same number of samples. */
async function decodeClip(url, seconds) {
  const text = atob(url.slice(url.indexOf(",") + 1));
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return fitBuffer(await decoder.decodeAudioData(bytes.buffer), Math.round(seconds * RATE_HZ));
}

/** Cut a buffer or fill it with silence: a shorter one would come round earlier in a loop. */
function fitBuffer(buffer, length) {
  if (buffer.length === length) return buffer;
  const { numberOfChannels, sampleRate } = buffer;
  const fitted = new AudioBuffer({ numberOfChannels, length, sampleRate });
  for (let channel = 0; channel < numberOfChannels; channel += 1) {
    fitted.copyToChannel(buffer.getChannelData(channel).subarray(0, length), channel);
  }
  return fitted;
}

function toGain(decibels) {
  return 10 ** (decibels / 20);
}

/** Plays rows {buffer, peak, gainDb} of one length; times are seconds from the excerpt's start. */
class Player {
  context = null; // made by the first press of Play: browsers refuse sound before one
  rows = [];
  seconds = 0;
  chosen = 0;
  matched = false;
  volume = 1;
  loop = null; // {from, to} in seconds
  playing = false;
  batch = null; // what sounds: the sources of all rows and when they started
  rest = 0; // position while nothing sounds
  onchange = () => {};

  load(rows, seconds) {
    this.rows = rows;
    this.seconds = seconds;
  }

  /** Return the position at a time of the audio clock, by default now. */
  position(time = this.context?.currentTime) {
    if (!this.batch) return this.rest;
    const { start, offset, loop } = this.batch;
    const reached = offset + Math.max(0, time - start);
    if (!loop) return Math.min(reached, this.seconds);
    if (reached < loop.to) return reached;
    return loop.from + ((reached - loop.from) % (loop.to - loop.from));
  }

  async play() {
    if (this.playing || !this.rows.length) return;
    this.playing = true;
    this.openContext();
    await this.context.resume();
    if (this.playing && !this.batch) this.start(this.rest < this.seconds ? this.rest : 0);
    this.onchange();
  }

  pause() {
    this.rest = this.position();
    this.playing = false;
    if (this.batch) this.stopBatch(this.batch, this.context.currentTime);
    this.batch = null;
    this.onchange();
  }

  seek(position) {
    this.move(position, this.loop);
  }

  /** Loop between two times, or not at all (null), without a gap in what sounds. */
  setLoop(loop) {
    this.move(null, loop);
  }

  /** Go on from a position (null: where it is) in a loop {from, to} (null: none). */
  move(position, loop) {
    this.loop = loop && { from: this.toSample(loop.from), to: this.toSample(loop.to) };
    if (position !== null) this.rest = Math.min(Math.max(position, 0), this.seconds);
    if (this.batch) this.start(position === null ? null : this.rest);
    this.onchange();
  }

  choose(row) {
    this.chosen = row;
    this.rampGains();
  }

  setMatched(matched) {
    this.matched = matched;
    this.rampGains();
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.context) this.rampGain(this.master.gain, volume);
  }

  openContext() {
    if (this.context) return;
    this.context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    this.master = new GainNode(this.context, { gain: this.volume });
    this.master.connect(this.context.destination);
  }

  /** Start every row at one time, in place of what sounds; by default where that has got to. */
  start(position = null, lead = LEAD_S) {
    const batch = this.makeBatch();
    const now = performance.now();
    batch.start = this.toSample(this.context.currentTime + lead);
    batch.offset = this.toSample(this.enterLoop(position ?? this.position(batch.start)));
    for (const source of batch.sources) source.start(batch.start, batch.offset);
    if (performance.now() - now > 500 * lead) return this.startLater(batch, position, lead);
    batch.bus.gain.setValueAtTime(0, batch.start);
    batch.bus.gain.linearRampToValueAtTime(1, batch.start + RAMP_S);
    if (this.batch) this.stopBatch(this.batch, batch.start);
    batch.sources[0].onended = () => this.finish(batch);
    this.batch = batch;
  }

  /** A machine so busy that half the lead is over might have started some rows and not others. */
  startLater(batch, position, lead) {
    batch.bus.disconnect();
    for (const source of batch.sources) source.stop();
    this.start(position, 2 * lead);
  }

  makeBatch() {
    const bus = new GainNode(this.context, { gain: 0 });
    bus.connect(this.master);
    const gains = this.rows.map((_, row) => new GainNode(this.context, { gain: this.gainOf(row) }));
    for (const gain of gains) gain.connect(bus);
    const sources = this.rows.map((row, index) => this.makeSource(row.buffer, gains[index]));
    return { bus, gains, sources, loop: this.loop, start: 0, offset: 0 };
  }

  makeSource(buffer, output) {
    const loop = this.loop ? { loop: true, loopStart: this.loop.from, loopEnd: this.loop.to } : {};
    const source = new AudioBufferSourceNode(this.context, { buffer, ...loop });
    source.connect(output);
    return source;
  }

  stopBatch({ bus, sources }, time) {
    sources[0].onended = () => bus.disconnect();
    bus.gain.cancelScheduledValues(time);
    bus.gain.setValueAtTime(1, time);
    bus.gain.linearRampToValueAtTime(0, time + RAMP_S);
    for (const source of sources) source.stop(time + RAMP_S);
  }

  /** The end of the excerpt is reached. */
  finish(batch) {
    if (batch !== this.batch) return;
    this.batch = null;
    this.playing = false;
    this.rest = this.seconds;
    this.onchange();
  }

  rampGains() {
    if (!this.batch) return;
    this.batch.gains.forEach((node, row) => this.rampGain(node.gain, this.gainOf(row)));
  }

  /** An exponential ramp starts from what the gain is; some browsers cannot tell what that is. */
  rampGain(gain, target) {
    const now = this.context.currentTime;
    gain.cancelScheduledValues(now);
    gain.setTargetAtTime(target, now, RAMP_S / 3);
  }

  gainOf(row) {
    if (row !== this.chosen) return 0;
    return this.findHeadroom() * this.scaleOf(this.rows[row]);
  }

  scaleOf(row) {
    return this.matched ? toGain(row.gainDb) : 1;
  }

  /** What all rows are turned down by, so that the loudest does not clip. */
  findHeadroom() {
    return Math.min(1, 1 / Math.max(...this.rows.map((row) => row.peak * this.scaleOf(row))));
  }

  enterLoop(position) {
    const { loop } = this;
    return loop && (position < loop.from || position >= loop.to) ? loop.from : position;
  }

  toSample(seconds) {
    return Math.round(seconds * RATE_HZ) / RATE_HZ;
  }
}
