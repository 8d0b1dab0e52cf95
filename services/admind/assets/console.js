// The replay of a console session: an asciicast is fetched once, and played onto 24 rows of 80 columns as they were.
// Deliberately absent: saving, other formats, and any sequence the console does not send.
"use strict";

(() => {
  const root = document.querySelector("[data-cast]");
  if (!root) return;
  const one = (selector) => root.querySelector(selector);
  const COLUMNS = 80;
  const ROWS = 24;
  const TICK_MS = 50;
  const KEYS_SHOWN = 60;
  const COLOURS = { 31: "term-red", 32: "term-green", 33: "term-yellow", 36: "term-cyan" };
  const NAMES = { "\r": "⏎", "\u007f": "⌫", "\u001b": "⎋" };

  const screen = one("[data-screen]");
  const keys = one("[data-keys]");
  const seek = one(".player-seek");
  const said = one(".player-time b");
  const toggle = one("[data-toggle]");
  const speed = one("[data-speed]");

  // ── the terminal ─────────────────────────────────────────────────────────────────────────────────────
  // Characters of two columns, as the console counts them.
  const wide = (code) => (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf)
    || (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f)
    || (code >= 0xff00 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x20000 && code <= 0x3fffd);
  const PLAIN = { colour: "", bold: false, reversed: false };
  const blank = () => ({ one: " ", look: PLAIN });
  const row = () => Array.from({ length: COLUMNS }, blank);
  let cells;
  let x;
  let y;
  let look;

  function clear() {
    cells = Array.from({ length: ROWS }, row);
    x = 0;
    y = 0;
    look = PLAIN;
  }

  function down() {
    if (y + 1 < ROWS) { y += 1; return; }
    cells.shift();
    cells.push(row());
  }

  function put(character) {
    const width = wide(character.codePointAt(0)) ? 2 : 1;
    if (x + width > COLUMNS) { x = 0; down(); }
    // Half of a wide character that is written over is a blank.
    if (cells[y][x].one === "" && x > 0) cells[y][x - 1] = blank();
    cells[y][x] = { one: character, look };
    if (width === 2) cells[y][x + 1] = { one: "", look };
    x += width;
    if (x < COLUMNS && cells[y][x].one === "") cells[y][x] = blank();
  }

  function attribute(number) {
    if (number === 0) look = PLAIN;
    else if (number === 1) look = { ...look, bold: true };
    else if (number === 7) look = { ...look, reversed: true };
    else if (COLOURS[number]) look = { ...look, colour: COLOURS[number] };
  }

  function sequence(parameters, last) {
    const numbers = parameters.split(";").map((each) => Number.parseInt(each, 10) || 0);
    if (last === "H") {
      y = Math.min(Math.max(numbers[0] || 1, 1), ROWS) - 1;
      x = Math.min(Math.max(numbers[1] || 1, 1), COLUMNS) - 1;
    } else if (last === "J") cells = Array.from({ length: ROWS }, row);
    else if (last === "m") numbers.forEach(attribute);
  }

  function feed(text) {
    const pattern = /\u001b\[([0-9;]*)([^0-9;])|\u001b.?|([\s\S])/gu;
    for (const [, parameters, last, character] of text.matchAll(pattern)) {
      if (last !== undefined) sequence(parameters, last);
      else if (character === "\r") x = 0;
      else if (character === "\n") down();
      else if (character === "\b") x = Math.max(x - 1, 0);
      else if (character !== undefined && character >= " " && character !== "\u007f") put(character);
    }
  }

  function draw() {
    const parts = [];
    for (const line of cells) {
      let last = line.length;
      while (last > 0 && line[last - 1].one === " " && line[last - 1].look === PLAIN) last -= 1;
      let at = 0;
      while (at < last) {
        const { look: same } = line[at];
        let text = "";
        while (at < last && line[at].look === same) { text += line[at].one; at += 1; }
        const run = document.createElement("span");
        run.className = [same.colour, same.bold && "term-bold", same.reversed && "term-reversed"].filter(Boolean).join(" ");
        run.textContent = text;
        parts.push(run);
      }
      parts.push("\n");
    }
    screen.replaceChildren(...parts);
  }

  // ── the recording ────────────────────────────────────────────────────────────────────────────────────
  let events = [];
  let next = 0;
  let now = 0;
  let typed = "";
  let timer = 0;
  let before = 0;

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function show() {
    draw();
    keys.textContent = typed;
    said.textContent = clock(now);
    if (document.activeElement !== seek) seek.value = String(Math.floor(now));
  }

  function take() {
    const [at, kind, text] = events[next];
    next += 1;
    now = Math.max(now, at);
    if (kind === "o") feed(text);
    if (kind === "i") typed = (typed + [...text].map((each) => NAMES[each] ?? (each < " " ? "·" : each)).join("")).slice(-KEYS_SHOWN);
  }

  function until(place) {
    if (place < now) rewind();
    while (next < events.length && events[next][0] <= place) take();
    now = place;
    show();
  }

  function rewind() {
    clear();
    next = 0;
    now = 0;
    typed = "";
  }

  function playing(on) {
    clearInterval(timer);
    timer = 0;
    if (on) {
      before = performance.now();
      timer = setInterval(() => {
        const passed = (performance.now() - before) / 1000;
        before = performance.now();
        until(now + passed * Number(speed.value));
        if (next >= events.length) playing(false);
      }, TICK_MS);
    }
    one('[data-when="paused"]').hidden = on;
    one('[data-when="playing"]').hidden = !on;
  }

  // One thing that was typed, with all that the screen showed of it.
  function step() {
    playing(false);
    if (next >= events.length) return;
    do take(); while (next < events.length && events[next][1] !== "i");
    show();
  }

  async function load() {
    const answer = await fetch(root.dataset.cast, { cache: "no-store", credentials: "same-origin", redirect: "error" });
    if (!answer.ok) throw new Error("no recording");
    const lines = (await answer.text()).split("\n").slice(1, -1);
    events = lines.map((line) => JSON.parse(line)).filter(([at, kind, text]) => Number.isFinite(at) && typeof kind === "string" && typeof text === "string");
    root.dataset.ready = String(events.length);
  }

  toggle.addEventListener("click", () => {
    if (!timer && next >= events.length) rewind();
    playing(!timer);
  });
  one("[data-step]").addEventListener("click", step);
  one("[data-again]").addEventListener("click", () => { playing(false); rewind(); show(); });
  seek.addEventListener("input", () => until(Number(seek.value)));
  addEventListener("pagehide", () => playing(false));
  clear();
  load().then(() => until(0)).catch(() => { one("[data-broken]").hidden = false; });
})();
