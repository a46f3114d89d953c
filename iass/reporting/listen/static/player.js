"use strict";
/* The player that readers see: buttons and sliders on one side, Player (audio.js) on the other. */

const LOOPS = { off: "Off", excerpt: "All", frame: "Frame" };

const player = new Player();
const view = {
  song: null, target: "", rows: [], row: "", scene: null, // what is shown
  loop: "off", frame: null, // what is looped: a key of LOOPS, and the frame {from, to}
  width: 0, timer: 0,
};

/** Show the rows of a song and target, whose sound is decoded. */
function showRows(song, target, rows) {
  Object.assign(view, { song, target, rows, scene: describeScene(song, rows) });
  player.load(rows, song.seconds);
  find("rows").replaceChildren(...rows.map((row, index) => makeRow(row, index, view.scene, acts)));
  find("seek").max = song.seconds;
  find("play").disabled = !rows.length;
  find("ruler").replaceChildren(...makeRuler(view.scene));
  fillTable();
  drawRows();
  player.setLoop(findLoop());
  chooseRow(Math.max(0, rows.findIndex(({ name }) => name === view.row)));
}

function describeScene({ seconds, window_s }, rows) {
  const peak = Math.max(1e-6, ...rows.map((row) => row.peak));
  const starts = listStarts(rows, seconds, window_s);
  return { seconds, window_s, starts, peak, axis: findAxis(rows) };
}

function drawRows() {
  const canvases = find("rows").querySelectorAll("canvas");
  view.rows.forEach((row, index) => drawRow(canvases[index], row, view.scene));
}

/** The table is long, so it is made when it is opened. */
function fillTable() {
  const table = find("table");
  table.querySelector("div")?.remove();
  if (!table.open) return;
  const region = { role: "region", "aria-label": "SDR of every frame", tabIndex: 0 };
  table.append(make("div", { className: "wide", ...region }, makeTable(view.rows, acts)));
}

function chooseRow(index) {
  if (!view.rows[index]) return;
  view.row = view.rows[index].name;
  player.choose(index);
  const rows = find("rows").children;
  [...rows].forEach((element, place) => {
    element.classList.toggle("chosen", place === index);
    press(element.querySelector(".choose"), place === index);
  });
  tell();
  keepPlace();
}

/** Go to a time; where one frame is looped, the loop moves to the frame at that time. */
function goTo(position) {
  if (view.loop === "frame") selectFrame(position);
  player.move(position, findLoop());
  keepPlace();
}

/** Hear a row from the frame that starts at `time`. */
function hear(index, time) {
  chooseRow(index);
  selectFrame(time);
  goTo(time);
  player.play();
}

const acts = { choose: chooseRow, hear };

function selectFrame(position) {
  const { seconds, window_s } = view.scene;
  const from = snapToFrame(position, view.scene);
  view.frame = { from, to: Math.min(from + window_s, seconds) };
  const style = find("rows").style;
  style.setProperty("--from", view.frame.from / seconds);
  style.setProperty("--to", view.frame.to / seconds);
}

function findLoop() {
  const loops = { off: null, excerpt: { from: 0, to: view.song.seconds }, frame: view.frame };
  return loops[view.loop];
}

function setLoop(name) {
  view.loop = name;
  if (name === "frame" && !view.frame) selectFrame(player.position());
  find("rows").classList.toggle("framed", name === "frame");
  pressOne(find("loops"), "loop", name);
  player.setLoop(findLoop());
}

function stepLoop() {
  const names = Object.keys(LOOPS);
  setLoop(names[(names.indexOf(view.loop) + 1) % names.length]);
}

function setMatched(matched) {
  player.setMatched(matched);
  press(find("matched"), matched);
}

/** Keep the address of what is heard, but not at every step of a slider: Safari would refuse. */
function keepPlace() {
  clearTimeout(view.timer);
  view.timer = setTimeout(writePlace, 300);
}

/** Write the address that leads to this row at this time, for the reader to copy. */
function writePlace() {
  if (!view.rows.length) return;
  const place = { song: view.song.id, target: view.target, row: view.rows[player.chosen].name };
  const time = player.position().toFixed(2);
  history.replaceState(null, "", `#${new URLSearchParams({ ...place, time })}`);
}

function togglePlay() {
  player.playing ? player.pause() : player.play();
}

/** Say what sounds, for the eye and for a screen reader. */
function tell() {
  const row = view.rows[player.chosen];
  if (!row) return;
  const target = view.song.targets.find(({ name }) => name === view.target);
  const words = `${player.playing ? "Playing" : "Chosen"}: ${row.title}, ${target.label}`;
  if (find("now").textContent !== words) find("now").textContent = words; // say it once
}

function showPlaying() {
  find("play").textContent = player.playing ? "Pause" : "Play";
  tell();
  showPosition();
}

function showPosition() {
  if (!view.song) return;
  const position = player.position();
  const whole = writeTime(view.song.seconds);
  find("seek").value = position;
  find("seek").setAttribute("aria-valuetext", `${writeTime(position)} of ${whole}`);
  find("clock").textContent = `${writeTime(position, 1)} / ${whole}`;
  find("rows").style.setProperty("--at", position / view.song.seconds);
}

function followClock() {
  if (player.playing) showPosition();
  requestAnimationFrame(followClock);
}

/** A canvas is as wide as its row, whose height is the canvas's own doing. */
function fitRows([{ contentRect }]) {
  if (contentRect.width === view.width) return;
  view.width = contentRect.width;
  drawRows();
}

function startPlayer() {
  find("loops").append(...Object.entries(LOOPS).map(([loop, label]) =>
    makeToggle(label, () => setLoop(loop), { loop })));
  pressOne(find("loops"), "loop", "off");
  find("play").onclick = togglePlay;
  find("matched").onclick = () => setMatched(!player.matched);
  find("seek").oninput = (event) => goTo(Number(event.target.value));
  find("volume").oninput = (event) => player.setVolume(Number(event.target.value) ** 2);
  find("table").ontoggle = fillTable;
  player.onchange = showPlaying;
  new ResizeObserver(fitRows).observe(find("rows"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawRows);
  followClock();
}

startPlayer();
