"use strict";
/* The keyboard. Elements that use a key themselves keep it; the reader may turn the rest off. */

const KEYS = {
  " ": togglePlay,
  ArrowUp: () => stepRow(-1),
  ArrowDown: () => stepRow(1),
  ArrowLeft: () => stepFrame(-1),
  ArrowRight: () => stepFrame(1),
  l: stepLoop,
  m: () => setMatched(!player.matched),
};
for (let digit = 1; digit <= 9; digit += 1) KEYS[digit] = () => showRow(digit - 1);

function stepRow(step) {
  const last = view.rows.length - 1;
  showRow(Math.min(Math.max(player.chosen + step, 0), last));
}

function showRow(index) {
  chooseRow(index);
  find("rows").children[index]?.scrollIntoView({ block: "nearest" });
}

/** Within a frame, back means its start, as on any player. */
function stepFrame(step) {
  const { starts, window_s, seconds } = view.scene;
  const position = player.position();
  const place = starts.indexOf(snapToFrame(position, view.scene));
  const back = position - starts[place] > window_s / 3 ? 0 : 1;
  goTo(starts[Math.max(0, place + (step < 0 ? -back : 1))] ?? seconds);
}

let clicked = null; // the button that has the focus because it was clicked

/** Space presses a button that was reached by keyboard; one that was clicked has no claim to it. */
function isTaken(key, element) {
  if (element.matches("select")) return true;
  if (element.matches("input[type=range], [tabindex]")) return key.startsWith("Arrow");
  return key === " " && element.matches("button, summary") && element !== clicked;
}

function pressKey(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = KEYS[key];
  if (!act || !areKeysOn() || !view.rows.length) return;
  if (event.ctrlKey || event.altKey || event.metaKey || isTaken(key, event.target)) return;
  event.preventDefault();
  act();
}

function areKeysOn() {
  return find("shortcuts").getAttribute("aria-pressed") === "true";
}

document.addEventListener("keydown", pressKey);
document.addEventListener("pointerdown", ({ target }) => { clicked = target.closest("button"); });
document.addEventListener("focusout", ({ target }) => { if (target === clicked) clicked = null; });
find("shortcuts").onclick = (event) => press(event.currentTarget, !areKeysOn());
