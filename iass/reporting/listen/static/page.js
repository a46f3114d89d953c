"use strict";
/* The page: the list of songs, loading one, choosing a target, and links to a place in a song. */

const page = { index: null, entry: null, song: null, place: null, load: 0, plays: false };

/* What songs.js and songs/<n>.js call. `player` is for the console and for tests. */
const listen = { addIndex: showIndex, addSong: showSong, player, view };

function showIndex(index) {
  page.index = index;
  document.title = index.title;
  find("title").textContent = index.title;
  find("data").textContent = index.data;
  find("private").hidden = !index.private;
  find("footer").append(...index.footer.map((line) => make("p", {}, line)));
  showLeftOut(index.left_out);
  if (!index.songs.length) return complain("There is no song on this page.");
  fillSongs(index.songs);
  find("song").hidden = false;
  followLink();
}

/** List the songs, data set by data set. */
function fillSongs(songs) {
  const names = [...new Set(songs.map(nameGroup))];
  find("songs").append(...names.map((label) => make("optgroup", { label }, ...songs
    .filter((entry) => nameGroup(entry) === label)
    .map((entry) => make("option", { value: entry.id }, nameSong(entry))))));
  find("songs").onchange = (event) => loadSong(findEntry(event.target.value), {});
}

function nameGroup({ dataset, experiment }) {
  return `${dataset} (experiment ${experiment})`;
}

function nameSong({ artist, title }) {
  return artist ? `${artist}: ${title}` : title;
}

function findEntry(id) {
  return page.index.songs.find((entry) => entry.id === id);
}

function showLeftOut(songs) {
  const list = find("left-out");
  list.hidden = !songs.length;
  list.append(make("ul", {}, ...songs.map(({ title, dataset, reason }) =>
    make("li", {}, make("b", {}, title), ` (${dataset}): ${reason}`))));
}

function complain(sentence) {
  find("problem").textContent = sentence;
  find("problem").hidden = !sentence;
}

/** Load the script of a song; it calls showSong. `place` is {target, row, time}, all optional. */
function loadSong(entry, place) {
  Object.assign(page, { entry, place, load: page.load + 1, plays: false });
  find("songs").value = entry.id;
  player.pause();
  player.seek(0);
  wait(`Loading ${writeBytes(entry.bytes)} …`);
  const script = make("script", { src: entry.file });
  script.onload = () => script.remove();
  script.onerror = () => complain(`${entry.file} cannot be read; it must lie beside index.html.`);
  document.head.append(script);
}

/** Show that nothing can be played yet. */
function wait(sentence) {
  complain("");
  player.load([], 0);
  view.rows = [];
  find("play").disabled = true;
  find("now").textContent = sentence;
  find("song").setAttribute("aria-busy", "true");
}

function showSong(song) {
  if (song.id !== page.entry.id) return; // the reader has chosen another one since
  page.song = song;
  view.frame = null;
  if (view.loop === "frame") setLoop("off");
  find("song-title").textContent = nameSong(song);
  find("song-facts").textContent = describeSong(song);
  const marks = song.marks.map((mark) => make("p", { className: "note" }, mark));
  find("marks").replaceChildren(...marks);
  find("frame-length").textContent = ` of ${song.window_s} s`;
  const targets = listTargets(song);
  find("targets").replaceChildren(...targets.map(({ name, label }) =>
    makeToggle(label, () => showTarget(name), { target: name })));
  showTarget((targets.find(({ name }) => name === page.place.target) ?? targets[0]).name);
}

function describeSong(song) {
  const times = [song.start_s, song.start_s + song.seconds].map((time) => writeTime(time));
  return `${song.dataset}. Excerpt from ${times.join(" to ")}. Licence: ${song.licence}`;
}

/** Decode the rows of a target, then show them and play on where the player is. */
async function showTarget(target) {
  const { song } = page;
  const load = (page.load += 1);
  page.plays ||= player.playing;
  player.pause();
  pressOne(find("targets"), "target", target);
  wait("Decoding …");
  const { rows, failed } = await decodeRows(song, target);
  if (load !== page.load) return; // the reader has chosen something else since
  if (failed) complain(`This browser cannot decode ${failed}.`);
  showRows(song, target, rows);
  find("song").removeAttribute("aria-busy");
  goToPlace();
  if (page.plays) player.play();
  page.plays = false;
}

/** Return all rows, decoded, and the names of those that the browser cannot decode. */
async function decodeRows(song, target) {
  const wanted = listRows(song, target);
  const done = await Promise.allSettled(wanted.map((row) => decodeRow(row, song)));
  const failed = wanted.filter((_, index) => done[index].status === "rejected");
  const rows = done.flatMap(({ value }) => value ?? []);
  return { rows, failed: failed.map((row) => row.title).join(", ") };
}

/** Go where a link says: #song=id&target=vocals&row=iass&time=12, each of them optional. */
function followLink() {
  const { song, ...place } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  loadSong(findEntry(song) ?? page.index.songs[0], place);
}

function goToPlace() {
  const { row, time } = page.place;
  page.place = {};
  if (row) chooseRow(view.rows.findIndex(({ name }) => name === row));
  if (!(time > 0)) return;
  selectFrame(Number(time));
  goTo(Number(time));
}

window.addEventListener("hashchange", followLink);
find("songs-script").onerror = () =>
  complain("songs.js cannot be read; it must lie beside index.html.");
