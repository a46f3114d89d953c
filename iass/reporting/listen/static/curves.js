"use strict";
/* Drawing: one canvas per row, activity on top, the waveform under it, SDR per frame below. */

const COLUMNS = 1200; // of the stored envelope: more than a plot is wide in CSS pixels
const BAND = 6; // heights in CSS pixels
const WAVE = 54;
const SDR = 60;
const GAP = 4;
const LOWEST_DB = -15; // an axis never reaches further, so that one bad frame flattens no curve
const HIGHEST_DB = 40;

/** Return the largest magnitude in each of COLUMNS equal parts of a buffer. */
function findEnvelope(buffer) {
  const envelope = new Float32Array(COLUMNS);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    raiseEnvelope(envelope, buffer.getChannelData(channel));
  }
  return envelope;
}

function raiseEnvelope(envelope, samples) {
  const scale = COLUMNS / samples.length;
  for (let index = 0; index < samples.length; index += 1) {
    const level = Math.abs(samples[index]);
    const column = Math.floor(index * scale);
    if (level > envelope[column]) envelope[column] = level;
  }
}

/** Return the axis that all rows of a target share: whole fives around what lies on it, and 0. */
function findAxis(rows) {
  const values = rows.flatMap((row) => row.frames.map((frame) => frame.value ?? 0));
  const low = Math.max(LOWEST_DB, Math.min(0, ...values));
  const high = Math.min(HIGHEST_DB, Math.max(5, ...values));
  return { low: 5 * Math.floor(low / 5), high: 5 * Math.ceil(high / 5) };
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`);
}

/** Return the height of a row's plot and where its parts begin, in CSS pixels. */
function findParts(row) {
  const wave = 2 * (BAND + 2) + GAP;
  const sdr = wave + WAVE + 2 * GAP;
  return { wave, sdr, height: row.frames.length ? sdr + SDR : wave + WAVE };
}

/** Draw a row; `scene` is {seconds, window_s, peak, axis}. */
function drawRow(canvas, row, scene) {
  const parts = findParts(row);
  const pen = openCanvas(canvas, parts.height);
  const colour = readColours();
  drawActivity(pen, row.labels, 0, colour("label"), scene);
  drawActivity(pen, row.activity, BAND + 2, colour("predicted"), scene);
  drawWave(pen, row.envelope, parts.wave, colour("wave"), scene);
  if (row.frames.length) drawSdr(pen, row.frames, parts.sdr, colour, scene);
}

/** Size a canvas to its place and to the screen's pixels; the pen then counts CSS pixels. */
function openCanvas(canvas, height) {
  const width = canvas.parentElement.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return Object.assign(pen, { room: width });
}

function drawActivity(pen, curve, top, colour, { seconds }) {
  if (!curve) return;
  const place = (index) => Math.round((index * curve.hop_s * pen.room) / seconds); // no seams
  pen.fillStyle = colour;
  pen.globalAlpha = 0.12;
  pen.fillRect(0, top, pen.room, BAND);
  curve.values.forEach((value, index) => {
    pen.globalAlpha = value;
    pen.fillRect(place(index), top, place(index + 1) - place(index), BAND);
  });
  pen.globalAlpha = 1;
}

/** The square root of the level lets faint remains be seen beside loud music. */
function drawWave(pen, envelope, top, colour, { peak }) {
  const middle = top + WAVE / 2;
  const step = pen.room / COLUMNS;
  pen.fillStyle = colour;
  pen.fillRect(0, middle - 0.25, pen.room, 0.5);
  envelope.forEach((level, column) => {
    const half = (Math.sqrt(Math.min(1, level / peak)) * WAVE) / 2;
    pen.fillRect(column * step, middle - half, Math.max(step, 0.5), 2 * half);
  });
}

function drawSdr(pen, frames, top, colour, scene) {
  const { low, high } = scene.axis;
  const clamp = (value) => Math.min(Math.max(value, low), high);
  const place = (value) => top + (SDR * (high - clamp(value))) / (high - low);
  const steps = frames.map((frame, index) => ({
    ...findSpan(frame, frames[index + 1], pen.room, scene),
    y: frame.value === null ? null : place(frame.value),
  }));
  drawGrid(pen, place, colour, scene.axis);
  for (const step of steps) if (step.y === null) drawHatch(pen, step, top, colour("none"));
  drawSteps(pen, steps, place(0), colour("sdr"));
  drawScale(pen, place, colour, scene.axis);
}

/** Of frames that overlap, the last that has started is drawn. */
function findSpan(frame, next, room, { seconds, window_s }) {
  const end = Math.min(frame.time_s + window_s, next?.time_s ?? seconds, seconds);
  return { from: (frame.time_s / seconds) * room, to: (end / seconds) * room };
}

/** Return the values that are marked on an axis: 0, its top, and its end where there is room. */
function listMarks({ low, high }) {
  return -low / (high - low) < 0.25 ? [0, high] : [low, 0, high];
}

function drawGrid(pen, place, colour, axis) {
  for (const value of listMarks(axis)) {
    pen.fillStyle = colour(value ? "hair" : "line");
    pen.fillRect(0, Math.min(place(value), place(axis.low) - 1), pen.room, 1);
  }
}

function drawHatch(pen, { from, to }, top, colour) {
  pen.save();
  pen.beginPath();
  pen.rect(from, top, to - from, SDR);
  pen.clip();
  pen.beginPath();
  for (let x = from - SDR; x < to; x += 6) {
    pen.moveTo(x, top + SDR);
    pen.lineTo(x + SDR, top);
  }
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.stroke();
  pen.restore();
}

/** Draw frames as a step curve, filled to the line of 0 dB. */
function drawSteps(pen, steps, zero, colour) {
  pen.fillStyle = pen.strokeStyle = colour;
  pen.globalAlpha = 0.16;
  for (const { from, to, y } of steps) {
    if (y !== null) pen.fillRect(from, Math.min(y, zero), to - from, Math.abs(y - zero));
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  pen.beginPath();
  steps.forEach(({ from, to, y }, index) => {
    if (y === null) return;
    if ((steps[index - 1]?.y ?? null) === null) pen.moveTo(from, y);
    pen.lineTo(from, y);
    pen.lineTo(to, y);
  });
  pen.stroke();
}

function drawScale(pen, place, colour, axis) {
  pen.font = "10px system-ui, sans-serif";
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.strokeStyle = colour("paper");
  pen.fillStyle = colour("quiet");
  for (const value of listMarks(axis)) {
    const text = value === axis.high ? `${value} dB` : `${value}`.replace("-", MINUS);
    const y = value === axis.high ? place(value) + 10 : place(value) - 3;
    pen.strokeText(text, 2, y);
    pen.fillText(text, 2, y);
  }
}
