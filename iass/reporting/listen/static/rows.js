"use strict";
/* Rows: the mixture, the reference and every method of one target, as data and as elements. */

const NEAR_S = 0.01; // two times so close mean the same: links have two digits

/** Return the rows of a target, without sound yet: those whose clip exists. */
function listRows(song, target) {
  const of = (name) => `${target}/${name}`;
  const methods = song.methods.map(({ name, label, kind }) => ({
    key: of(name), name, title: label, kind,
    frames: song.sdr[of(name)] ?? [], activity: song.activity[of(name)],
  }));
  const mixture = { key: "mixture", gainDb: song.mixture_gains_db[target] ?? 0 };
  const given = [
    { ...mixture, name: "mixture", title: "Mixture", kind: "what the methods hear" },
    { key: of("reference"), name: "reference", title: "Reference", kind: "the true recording" },
  ].map((row) => ({ ...row, frames: [] }));
  return [...given, ...methods]
    .filter((row) => song.clips[row.key])
    .map((row) => ({ gainDb: song.clips[row.key].gain_db, labels: song.labels[target], ...row }));
}

/** Return the targets of which there is more to hear than the mixture, or else the first. */
function listTargets(song) {
  const heard = song.targets.filter(({ name }) => listRows(song, name).length > 1);
  return heard.length ? heard : song.targets.slice(0, 1);
}

/** Decode the sound of a row, measure it, and return the row with it. */
async function decodeRow(row, song) {
  const buffer = await decodeClip(song.clips[row.key].audio, song.seconds);
  const envelope = findEnvelope(buffer);
  return { ...row, buffer, envelope, peak: Math.max(...envelope) };
}

function hasValue(frame) {
  return frame.value !== null;
}

/** Return the (at most) three lowest and three highest frames; no frame is in both. */
function findExtremes(frames) {
  const sorted = frames.filter(hasValue).sort((a, b) => a.value - b.value);
  const worst = sorted.slice(0, Math.min(3, Math.ceil(sorted.length / 2)));
  return { worst, best: sorted.slice(worst.length).slice(-3).reverse() };
}

function describeFrame(frame) {
  const time = writeStart(frame.time_s);
  if (hasValue(frame)) return `${time}, SDR ${writeDecibels(frame.value)}`;
  return `${time}, no SDR: ${frame.reason || "undefined"}`;
}

function describeScore(row) {
  const values = row.frames.filter(hasValue).map((frame) => frame.value);
  if (!values.length) return "no frame has an SDR";
  const count = `${values.length} of ${writeCount(row.frames.length, "frame")}`;
  return `median SDR ${writeDecibels(findMedian(values))} (${count})`;
}

/** Return the plot of a row in words. */
function describePlot(row) {
  const parts = [`Waveform of ${row.title}`];
  if (row.labels) parts.push("activity of the reference");
  if (row.activity) parts.push("predicted activity");
  const curve = `SDR per frame: ${describeScore(row)}, each in the table below`;
  if (row.frames.length) parts.push(curve);
  return parts.join("; ");
}

/** Make the element of a row; `act` has choose(index) and hear(index, seconds). */
function makeRow(row, index, scene, act) {
  const choose = makeToggle("", () => act.choose(index), { row: row.name });
  choose.className = "choose";
  const number = make("kbd", { "aria-hidden": "true" }, index < 9 ? `${index + 1}` : "");
  choose.append(number, make("span", { className: "name" }, row.title));
  const kind = make("p", { className: "kind" }, row.kind);
  const head = make("div", { className: "head" }, choose, kind);
  if (row.frames.length) head.append(make("p", { className: "score" }, describeScore(row)));
  const plot = makePlot(row, index, scene, act);
  return make("li", { className: "row" }, head, plot, ...makeExtremes(row, index, act));
}

function makePlot(row, index, scene, act) {
  const canvas = make("canvas", { role: "img", "aria-label": describePlot(row) });
  canvas.onclick = (event) => act.hear(index, findFrameAt(event, scene));
  canvas.onpointermove = (event) => {
    canvas.title = describeAt(row, findFrameAt(event, scene));
  };
  const marks = ["selected", "cursor"].map((className) => make("div", { className }));
  return make("div", { className: "plot" }, canvas, ...marks);
}

/** Return the start of the frame under the pointer, in seconds. */
function findFrameAt(event, scene) {
  const box = event.currentTarget.getBoundingClientRect();
  const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  return snapToFrame(share * scene.seconds, scene);
}

/** Return when the frames of all rows start; what lies before and behind them counts as frames. */
function listStarts(rows, seconds, window_s) {
  const starts = new Set([0, ...rows.flatMap((row) => row.frames.map((frame) => frame.time_s))]);
  const sorted = [...starts].sort((a, b) => a - b);
  for (let end = sorted.at(-1) + window_s; end < seconds - NEAR_S; end += window_s) sorted.push(end);
  return sorted;
}

/** Return the start of the last frame that has started at a position. */
function snapToFrame(position, { starts }) {
  return starts.filter((start) => start <= position + NEAR_S).at(-1);
}

function describeAt(row, time) {
  const frame = row.frames.find((each) => each.time_s === time);
  return frame ? describeFrame(frame) : writeStart(time);
}

function makeExtremes(row, index, act) {
  const { worst, best } = findExtremes(row.frames);
  if (!worst.length) return [];
  const list = (word, frames) => make("span", { className: "extremes" }, make("span", {}, word),
    ...frames.map((frame) => makeFrameButton(row, index, frame, word, act)));
  return [make("div", { className: "frames" }, list("worst", worst), list("best", best))];
}

function makeFrameButton(row, index, frame, word, act) {
  const button = make("button", { type: "button", className: "small" },
    make("b", {}, writeStart(frame.time_s)), ` ${writeDecibels(frame.value)}`,
    make("span", { className: "hidden" }, `, ${word} frames of ${row.title}`));
  button.onclick = () => act.hear(index, frame.time_s);
  return button;
}

/** Make the times above the rows: at most eight, at round distances. */
function makeRuler({ seconds }) {
  const step = [1, 2, 5, 10, 15, 30, 60].find((each) => seconds / each <= 8) ?? 120;
  const times = Array.from({ length: Math.ceil(seconds / step) }, (_, index) => index * step);
  const place = (time) => `left: ${(100 * time) / seconds}%`;
  return times.map((time) => make("span", { style: place(time) }, writeTime(time)));
}

/** Make the table of all frames: a line per frame, a column per method. */
function makeTable(rows, act) {
  const scored = rows.map((row, index) => ({ row, index })).filter(({ row }) => row.frames.length);
  const heads = ["Start", ...scored.map(({ row }) => row.title)];
  const times = [...new Set(scored.flatMap(({ row }) => row.frames.map((frame) => frame.time_s)))];
  const lines = times.sort((a, b) => a - b).map((time) => make("tr", {},
    make("th", { scope: "row" }, writeStart(time)),
    ...scored.map((each) => makeCell(each, time, act))));
  return make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...lines));
}

function makeCell({ row, index }, time, act) {
  const frame = row.frames.find((each) => each.time_s === time);
  if (!frame) return make("td", {}, "");
  if (!hasValue(frame)) return make("td", { className: "reason" }, frame.reason || "undefined");
  const button = make("button", { type: "button", className: "plain" }, writeDecibels(frame.value),
    make("span", { className: "hidden" }, `, hear ${row.title} from ${writeStart(time)}`));
  button.onclick = () => act.hear(index, time);
  return make("td", {}, button);
}
