// The page's own script: live parts, drafts, double-submit guard, questions before a step, times, uploads, keys.
// Deliberately absent: rendering, routing, state. Every page works without it; only live refresh and drafts need it.
// It talks to its own origin alone.
"use strict";

(() => {
  const root = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const lang = root.lang || "zh-CN";
  root.classList.add("js");

  // ── live parts: `<main data-live-from="/live">` names the stream, `[data-live="id"]` the places ──────────
  const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];
  const LOST_AFTER_TRIES = 2;

  function live(url) {
    let tries = 0;
    let source = null;
    let timer = 0;
    const lost = one("#lost");
    const open = () => {
      source = new EventSource(url);
      source.addEventListener("open", () => { tries = 0; if (lost) lost.hidden = true; });
      source.addEventListener("fragment", (event) => fragment(event.data));
      // The session ended: the server shows the door.
      source.addEventListener("end", () => { source.close(); location.reload(); });
      source.addEventListener("error", () => {
        source.close();
        tries += 1;
        if (lost && tries >= LOST_AFTER_TRIES) lost.hidden = false;
        timer = setTimeout(open, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length) - 1]);
      });
    };
    // Nobody looks: nothing is asked. The stream comes back with the tab.
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (source) source.close();
      if (!document.hidden) { tries = 0; open(); }
    });
    addEventListener("pagehide", () => { clearTimeout(timer); if (source) source.close(); });
    if (!document.hidden) open();
  }

  // A fragment is `{"id": …, "html": …}` of our own server.
  const waiting = new Map();

  function fragment(data) {
    let part;
    try { part = JSON.parse(data); } catch { return; }
    const place = one(`[data-live="${CSS.escape(String(part.id))}"]`);
    if (!place) return;
    const focused = document.activeElement;
    const template = document.createElement("template");
    template.innerHTML = String(part.html);
    // What cannot be shown now is tried again each second.
    waiting.set(part.id, data);
    if (one("dialog[open]") || all("form", place).some((form) => begun(form) && again(form, template.content))) return;
    waiting.delete(part.id);
    const key = place.contains(focused) ? focused.id || focused.getAttribute("href") : null;
    const opened = all("details[open][id]", place).map((each) => each.id);
    const scrolled = all(".table-wrap", place).map((each) => [each.scrollLeft, each.scrollTop]);
    place.replaceChildren(template.content);
    for (const id of opened) { const each = document.getElementById(id); if (each) each.open = true; }
    all(".table-wrap", place).forEach((each, at) => { if (scrolled[at]) each.scrollTo(...scrolled[at]); });
    if (key) {
      const same = all("[id], a[href]", place).find((each) => each.id === key || each.getAttribute("href") === key);
      if (same) same.focus({ preventScroll: true });
    }
    drafts(place, false);
    times(place);
  }

  // A form somebody has begun to fill in stays as it is, until the page moved on and no longer has it.
  function begun(form) {
    const focused = document.activeElement;
    return [...form.elements].some((field) => {
      if (!field.matches("input, select, textarea") || field.type === "hidden") return false;
      if (field === focused) return true;
      if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
      if (field.matches("select")) return field.value !== (([...field.options].find((each) => each.defaultSelected) || field.options[0])?.value ?? "");
      return field.value !== field.defaultValue;
    });
  }

  function again(form, content) {
    return all("form", content).some((each) => each.getAttribute("action") === form.getAttribute("action"));
  }

  // ── drafts: what was typed survives a lost connection, a closed tab's reload and an ended session ────────
  const DRAFT_TYPES_NEVER = new Set(["password", "number", "file", "hidden", "tel", "submit", "button"]);
  const DRAFT_MAX_CHARS = 20000;
  const draftKey = (form) => `draft:${location.pathname}:${form.getAttribute("action") || ""}`;
  const draftable = (form) => [...form.elements].filter((field) => field.name && !field.readOnly
    && field.matches("input, textarea, select") && !DRAFT_TYPES_NEVER.has(field.type)
    && !field.hasAttribute("data-no-draft") && field.autocomplete !== "one-time-code");

  function keepDraft(form) {
    const values = {};
    for (const field of draftable(form)) {
      if (field.type === "radio" || field.type === "checkbox") {
        (values[field.name] ??= []);
        if (field.checked) values[field.name].push(field.value);
      } else values[field.name] = [field.value];
    }
    const text = JSON.stringify(values);
    try { if (text.length <= DRAFT_MAX_CHARS) sessionStorage.setItem(draftKey(form), text); } catch { /* full or forbidden */ }
  }

  function restoreDraft(form) {
    let values;
    try { values = JSON.parse(sessionStorage.getItem(draftKey(form)) || "null"); } catch { return; }
    // A form shown again with errors holds what was typed already.
    if (!values || one("[aria-invalid]", form)) return;
    let changed = false;
    for (const field of draftable(form)) {
      const kept = values[field.name];
      if (!Array.isArray(kept)) continue;
      if (field.type === "radio" || field.type === "checkbox") {
        const checked = kept.includes(field.value);
        changed ||= checked !== field.checked;
        field.checked = checked;
      } else if (kept.length && field.value !== kept[0]) {
        field.value = kept[0];
        changed = true;
      }
    }
    const said = one("[data-draft-note]", form);
    if (changed && said) said.hidden = false;
  }

  // A draft is over when its form was sent and led on to a page that names it, even if that is the same page.
  const sentKey = (action) => `sent:${action}`;
  const ledHere = (performance.getEntriesByType("navigation")[0]?.redirectCount ?? 0) > 0;

  function endDrafts(within, led) {
    for (const done of all("[data-draft-done]", within)) {
      const action = done.dataset.draftDone;
      if (!led || !sessionStorage.getItem(sentKey(action))) continue;
      for (const key of Object.keys(sessionStorage)) {
        if (key === sentKey(action) || (key.startsWith("draft:") && key.endsWith(`:${action}`))) sessionStorage.removeItem(key);
      }
    }
  }

  function drafts(within, led) {
    // At the door nothing was sent: a session that ended meanwhile keeps what was typed.
    if (document.body.matches(".door")) {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("sent:")) sessionStorage.removeItem(key);
    }
    endDrafts(within, led);
    for (const form of all("form[method=post][data-draft]", within)) {
      restoreDraft(form);
      form.addEventListener("input", () => keepDraft(form));
      form.addEventListener("reset", () => sessionStorage.removeItem(draftKey(form)));
    }
  }

  // ── sending: questions first, then once ──────────────────────────────────────────────────────────────
  function ask(button, form) {
    const dialog = one("#confirm");
    if (!dialog || !dialog.showModal) return Promise.resolve(true);
    one("#confirm-text", dialog).textContent = button.dataset.confirm;
    one("#confirm-more", dialog).textContent = button.dataset.confirmMore || "";
    const yes = one("[value=yes]", dialog);
    yes.textContent = button.dataset.confirmYes || button.textContent.trim();
    yes.className = `btn ${button.matches("[class*=btn-danger]") ? "btn-danger-fill" : "btn-primary"}`;
    dialog.returnValue = "no";
    for (const each of all("[value]", dialog)) each.onclick = () => dialog.close(each.value);
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" && form.isConnected);
    }, { once: true }));
  }

  const RELEASE_AFTER_MS = 15000;

  function release(form) {
    if (form.enctype === "multipart/form-data") return;
    delete form.dataset.sent;
    for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
  }

  const asked = new WeakSet();
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.method === "dialog") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (submitter?.dataset.confirm && !asked.has(submitter)) {
      event.preventDefault();
      ask(submitter, form).then((yes) => {
        if (!yes) return;
        asked.add(submitter);
        form.requestSubmit(submitter);
      });
      return;
    }
    if (submitter) asked.delete(submitter);
    if (form.method !== "post") return;
    form.dataset.sent = "yes";
    // An answer that is a download leaves the page standing: the form comes back by itself.
    setTimeout(() => release(form), RELEASE_AFTER_MS);
    if (form.matches("[data-draft]")) sessionStorage.setItem(sentKey(form.getAttribute("action") || ""), "yes");
    submitter?.setAttribute("aria-busy", "true");
    if (one("input[type=file]", form) && form.enctype === "multipart/form-data" && one("progress[data-upload]", form)) {
      event.preventDefault();
      upload(form, submitter);
    }
  });
  // Back in history: the form may be sent anew (the server still takes each `once` only once).
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
    for (const button of all("[aria-busy]")) button.removeAttribute("aria-busy");
  });

  // ── files: what was chosen, and how far it is ────────────────────────────────────────────────────────
  const size = (bytes) => {
    const unit = ["byte", "kilobyte", "megabyte", "gigabyte"];
    let step = 0;
    let value = bytes;
    while (value >= 1024 && step < unit.length - 1) { value /= 1024; step += 1; }
    return new Intl.NumberFormat(lang, { style: "unit", unit: unit[step], maximumFractionDigits: step ? 1 : 0 }).format(value);
  };

  function files(within) {
    for (const input of all("input[type=file]", within)) {
      const facts = document.createElement("p");
      facts.className = "file-facts";
      facts.setAttribute("aria-live", "polite");
      input.insertAdjacentElement("afterend", facts);
      input.addEventListener("change", () => {
        facts.textContent = [...input.files].map((file) => `${file.name} · ${size(file.size)}`).join("; ");
      });
      const zone = input.closest(".dropzone");
      if (!zone) continue;
      const over = (event, on) => { event.preventDefault(); zone.classList.toggle("over", on); };
      zone.addEventListener("dragover", (event) => over(event, true));
      zone.addEventListener("dragleave", (event) => over(event, false));
      zone.addEventListener("drop", (event) => {
        over(event, false);
        if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; input.dispatchEvent(new Event("change")); }
      });
    }
  }

  function upload(form, submitter) {
    const bar = one("progress[data-upload]", form);
    const lost = one("#lost");
    const request = new XMLHttpRequest();
    bar.hidden = false;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) { bar.max = event.total; bar.value = event.loaded; }
    });
    request.addEventListener("load", () => {
      // Asking for the answer's page a second time would lose what it says only once: it is shown as it came.
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const [now, next] = [one("#main"), one("#main", answer)];
      if (!now || !next) { location.assign(request.responseURL || form.action); return; }
      history.pushState(null, "", request.responseURL);
      addEventListener("popstate", () => location.reload(), { once: true });
      document.title = answer.title;
      now.className = next.className;
      now.replaceChildren(...next.childNodes);
      start(now, true);
      now.focus();
    });
    request.addEventListener("error", () => {
      delete form.dataset.sent;
      submitter?.removeAttribute("aria-busy");
      bar.hidden = true;
      if (lost) lost.hidden = false;
    });
    request.open("POST", form.action);
    const body = new FormData(form);
    if (submitter?.name) body.append(submitter.name, submitter.value);
    request.send(body);
  }

  // ── times ────────────────────────────────────────────────────────────────────────────────────────────
  const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const clockAt = one("[data-clock]");
  // The box's clock counts, not this computer's.
  const skew = clockAt ? Number(clockAt.dataset.clock) - Date.now() : 0;
  const now = () => Date.now() + skew;
  const two = (value) => String(value).padStart(2, "0");

  function times(within = document) {
    for (const each of all("time[data-ago]", within)) {
      const seconds = Math.round((Number(each.dataset.ago) - now()) / 1000);
      const [unit, length] = STEPS.find(([, long]) => Math.abs(seconds) >= long) || STEPS[3];
      if (!each.title) each.title = each.textContent.trim();
      each.textContent = relative.format(Math.round(seconds / length), unit);
    }
    for (const each of all("[data-since], [data-until]", within)) {
      const toward = each.dataset.until ? Number(each.dataset.until) - now() : now() - Number(each.dataset.since);
      const seconds = Math.max(0, Math.floor(toward / 1000));
      const minutes = Math.floor(seconds / 60);
      each.textContent = minutes < 60 ? `${two(minutes)}:${two(seconds % 60)}`
        : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
    }
  }

  // The server wrote the time of the site's zone: what it differs from UTC is the zone.
  const MINUTE_MS = 60000;
  const written = clockAt ? Date.parse(`${clockAt.textContent.trim().replace(" ", "T")}Z`) : NaN;
  const zoneMs = written - Math.floor(Number(clockAt?.dataset.clock) / MINUTE_MS) * MINUTE_MS;

  function clock() {
    if (Number.isNaN(zoneMs)) return;
    clockAt.textContent = new Date(now() + zoneMs).toISOString().slice(0, 16).replace("T", " ");
  }

  // ── small helpers ────────────────────────────────────────────────────────────────────────────────────
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard?.writeText(copy.dataset.copy).catch(() => {});
      const word = one("span:last-child", copy) || copy;
      word.textContent = copy.dataset.copied;
    }
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    if (event.target.closest("[data-print]")) print();
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target) || opener) menu.open = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-auto-submit]")) event.target.form?.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of all("details.menu[open]")) { menu.open = false; one("summary", menu)?.focus(); }
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") {
      const search = one("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "?") {
      const keys = one("#keys");
      if (keys && !keys.open) { event.preventDefault(); keys.showModal(); }
    }
  });

  function start(within = document, led = ledHere) {
    drafts(within, led);
    files(within);
    times(within);
    const stream = one("[data-live-from]", within);
    if (stream) live(stream.dataset.liveFrom);
  }
  start();
  // What one person typed is not for the next: leaving forgets it all.
  for (const form of all('form[action="/sign-out"]')) form.addEventListener("submit", () => sessionStorage.clear());
  clock();
  setInterval(() => {
    if (document.hidden) return;
    for (const data of [...waiting.values()]) fragment(data);
    times();
    clock();
  }, 1000);
})();
