// The player of a recording: pieces of sound are fetched once each, kept in memory, and played by Web Audio.
// Deliberately absent: saving, and any way to hear faster or again what the server would not give out again.
"use strict";

(() => {
  const root = document.querySelector("[data-recording]");
  if (!root) return;
  const one = (selector) => root.querySelector(selector);
  const base = root.dataset.recording;
  const durationS = Number(root.dataset.duration) / 1000;
  const pieceS = Number(root.dataset.piece) / 1000;
  const pieces = Math.ceil(durationS / pieceS);
  // Sound is fetched so many pieces ahead: far enough for a slow network, within the pace the server allows.
  const AHEAD = 2;
  const TRIES = 12;
  const RATE = 8000;
  const SCHEDULE_S = 1.5;
  // The pace the server allows: so much at once, then so much faster than one hears.
  const START_S = 15;
  const PACE = 1.5;

  const wave = one("svg.wave");
  const seek = one(".player-seek");
  const said = one(".player-time b");
  const toggle = one("[data-toggle]");

  // ── pieces ───────────────────────────────────────────────────────────────────────────────────────────
  const held = new Map();
  const wanted = new Map();
  // The piece that the ear waits for, and the seconds of sound asked for so far.
  let awaited = null;
  let asked = 0;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  function piece(index) {
    if (held.has(index)) return Promise.resolve(held.get(index));
    if (!wanted.has(index)) wanted.set(index, load(index).finally(() => wanted.delete(index)));
    return wanted.get(index);
  }

  // Waits until the pace allows this piece; what the ear waits for goes first.
  async function turn(index) {
    const length = Math.min(pieceS, durationS - index * pieceS);
    for (;;) {
      const allowed = START_S + (PACE * performance.now()) / 1000 - 0.1;
      if (asked + length <= allowed && (awaited === null || awaited === index)) break;
      if (awaited === index) says("too-fast");
      await wait(200);
    }
    asked += length;
  }

  // What cannot be had is an error whose message is the code of a text beside the player.
  async function load(index) {
    await turn(index);
    for (let tries = 0; tries < TRIES; tries += 1) {
      let answer;
      try {
        answer = await fetch(`${base}/${index}`, {
          headers: { accept: "application/json, audio/wav" }, cache: "no-store", credentials: "same-origin", redirect: "error",
        });
      } catch { await wait(1000); continue; }
      if (answer.ok) {
        const sound = samples(await answer.arrayBuffer());
        held.set(index, sound);
        return sound;
      }
      const code = await answer.json().then((fault) => fault.code, () => "broken");
      if (code !== "too-fast" && code !== "too-many-requests" && answer.status !== 503) throw new Error(code);
      if (code === "too-fast" && awaited === index) says("too-fast");
      await wait((pieceS * 1000) / 2);
    }
    throw new Error("broken");
  }

  // 16-bit PCM of two sides: left the customer, right the agent.
  function samples(buffer) {
    const view = new DataView(buffer);
    const word = (at) => String.fromCharCode(...new Uint8Array(buffer, at, 4));
    if (buffer.byteLength < 12 || word(0) !== "RIFF" || word(8) !== "WAVE") throw new Error("broken");
    for (let at = 12; at + 8 <= buffer.byteLength;) {
      const length = view.getUint32(at + 4, true);
      if (word(at) === "fmt " && (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 10, true) !== 2
        || view.getUint32(at + 12, true) !== RATE || view.getUint16(at + 22, true) !== 16)) throw new Error("broken");
      if (word(at) === "data") {
        const bytes = Math.min(length, buffer.byteLength - at - 8);
        return new Int16Array(buffer.slice(at + 8, at + 8 + bytes - (bytes % 4)));
      }
      at += 8 + length + (length % 2);
    }
    throw new Error("broken");
  }

  // ── sound ────────────────────────────────────────────────────────────────────────────────────────────
  let context = null;
  let input = null;
  let sides = [];

  function open() {
    if (context) return;
    try { context = new AudioContext({ sampleRate: RATE }); } catch { context = new AudioContext(); }
    input = context.createChannelSplitter(2);
    sides = [-1, 1].map((side, channel) => {
      const panner = context.createStereoPanner();
      input.connect(panner, channel);
      panner.connect(context.destination);
      return [panner, side];
    });
    spread();
  }

  function spread() {
    const apart = one("[data-apart]").checked ? 1 : 0;
    for (const [panner, side] of sides) panner.pan.value = side * apart;
  }

  function source(sound, offsetS, when) {
    const frames = sound.length / 2;
    const buffer = context.createBuffer(2, frames, RATE);
    const [left, right] = [buffer.getChannelData(0), buffer.getChannelData(1)];
    for (let at = 0; at < frames; at += 1) {
      left[at] = sound[at * 2] / 32768;
      right[at] = sound[at * 2 + 1] / 32768;
    }
    const node = context.createBufferSource();
    node.buffer = buffer;
    node.connect(input);
    node.start(when, offsetS);
    return { node, when, from: offsetS, until: when + buffer.duration - offsetS };
  }

  // ── playing ──────────────────────────────────────────────────────────────────────────────────────────
  let playing = false;
  let at = 0;
  let run = 0;
  let queue = [];

  function position() {
    if (!playing || !queue.length) return at;
    const now = context.currentTime;
    const current = queue.findLast((each) => each.when <= now) || queue[0];
    const inside = Math.min(Math.max(now, current.when), current.until) - current.when;
    return Math.min(durationS, current.begin + current.from + inside);
  }

  function silence() {
    run += 1;
    awaited = null;
    for (const each of queue) { try { each.node.stop(); } catch { /* it has ended */ } each.node.disconnect(); }
    queue = [];
  }

  async function play(from) {
    silence();
    const mine = run;
    open();
    playing = true;
    at = from >= durationS ? 0 : from;
    show();
    await context.resume();
    let index = Math.floor(at / pieceS);
    let offset = at - index * pieceS;
    let next = 0;
    while (mine === run && index < pieces) {
      let sound;
      if (!held.has(index)) { awaited = index; says("loading"); }
      try { sound = await piece(index); } catch (error) { if (mine === run) stop(error.message); return; }
      if (mine !== run) return;
      awaited = null;
      says("");
      const begin = index * pieceS;
      const when = Math.max(next, context.currentTime + 0.02);
      if (sound.length / 2 / RATE > offset) {
        const each = source(sound, offset, when);
        queue.push({ ...each, begin });
        next = each.until;
      }
      queue = queue.filter((each) => each.until > context.currentTime - 1);
      for (let ahead = index + 1; ahead <= Math.min(index + AHEAD, pieces - 1); ahead += 1) piece(ahead).catch(() => {});
      index += 1;
      offset = 0;
      while (mine === run && next - context.currentTime > SCHEDULE_S) await wait(200);
    }
    while (mine === run && context.currentTime < next) await wait(100);
    if (mine === run) { playing = false; at = durationS; silence(); show(); }
  }

  function pause() {
    at = position();
    playing = false;
    silence();
    says("");
    show();
  }

  function stop(code) {
    at = position();
    playing = false;
    silence();
    says(code);
    show();
  }

  function go(to) {
    const target = Math.min(Math.max(0, to), durationS);
    if (playing) play(Math.min(target, durationS - 0.05));
    else { at = target; show(); }
  }

  // ── what one sees ────────────────────────────────────────────────────────────────────────────────────
  function says(code) {
    const all = [...root.querySelectorAll("[data-says]")];
    const known = all.some((each) => each.dataset.says === code) ? code : "broken";
    for (const each of all) each.hidden = code === "" || each.dataset.says !== known;
  }

  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const rest = `${Math.floor(whole / 60) % 60}:${String(whole % 60).padStart(2, "0")}`;
    return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest.padStart(5, "0")}`;
  };

  function show() {
    const now = position();
    const x = String((now / (durationS || 1)) * wave.viewBox.baseVal.width);
    wave.querySelector(".played").setAttribute("width", x);
    for (const end of ["x1", "x2"]) wave.querySelector(".cursor").setAttribute(end, x);
    said.textContent = clock(now);
    if (!dragging) seek.value = String(Math.floor(now));
    seek.setAttribute("aria-valuetext", clock(now));
    for (const each of toggle.querySelectorAll("[data-when]")) each.hidden = (each.dataset.when === "playing") !== playing;
    root.dataset.state = playing ? "playing" : "paused";
  }

  let dragging = false;
  seek.addEventListener("pointerdown", () => { dragging = true; });
  seek.addEventListener("input", () => { said.textContent = clock(Number(seek.value)); });
  seek.addEventListener("change", () => { dragging = false; go(Number(seek.value)); });
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    go(((event.clientX - box.left) / box.width) * durationS);
  });
  toggle.addEventListener("click", () => (playing ? pause() : play(at)));
  for (const button of root.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => go(position() + Number(button.dataset.jump)));
  }
  one("[data-apart]").addEventListener("change", spread);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, button, a, summary")) return;
    const keys = {
      " ": () => (playing ? pause() : play(at)),
      ArrowLeft: () => go(position() - 5),
      ArrowRight: () => go(position() + 5),
      Home: () => go(0),
      End: () => go(durationS),
    };
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  addEventListener("pagehide", () => { if (playing) pause(); held.clear(); });
  setInterval(() => { if (playing && !document.hidden) show(); }, 100);
  show();
})();
