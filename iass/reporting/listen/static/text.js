"use strict";
/* Words and elements: how numbers are written, and how an element is made. */

const MINUS = "\u2212";

/** Return seconds as "1:05", or with tenths as "1:05.3". */
function writeTime(seconds, digits = 0) {
  const unit = 10 ** digits;
  const whole = Math.floor(seconds * unit + 1e-6) / unit;
  const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `${Math.floor(whole / 60)}:${rest}`;
}

/** Return the start of a frame, with as many digits as it needs, at most two. */
function writeStart(seconds) {
  const digits = [0, 1].find((each) => Math.abs(seconds - Number(seconds.toFixed(each))) < 1e-3);
  return writeTime(seconds, digits ?? 2);
}

/** Return decibels with one digit, a true minus sign and a space that breaks no line. */
function writeDecibels(value) {
  return `${value.toFixed(1).replace("-", MINUS)}\u00a0dB`;
}

function writeBytes(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function writeCount(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function find(id) {
  return document.getElementById(id);
}

/** Make an element with properties or attributes; children that are strings become text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make a button that shows whether it is on; `data` are its data attributes. */
function makeToggle(label, act, data = {}) {
  const button = make("button", { type: "button", onclick: act }, label);
  Object.assign(button.dataset, data);
  button.setAttribute("aria-pressed", "false");
  return button;
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/** Press the one button of a group whose data attribute `name` is `value`. */
function pressOne(group, name, value) {
  for (const button of group.children) press(button, button.dataset[name] === value);
}

function findMedian(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
