// The browser of every scenario: Debian's Chromium, trusted to one certificate only, a source address of its own
// for each person, and a watch that turns every console error, policy violation and failed request into a fault.
//
// It knows nothing of the product's pages; people.js and the scenarios do.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

const modules = createRequire(path.join(needed('RINGFENCE_NODE_MODULES'), 'from-here.js'));
const { chromium } = modules('playwright-core');
const AXE = readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

/** The page's address, without a slash at its end. */
export const URL_OF_BOX = needed('RINGFENCE_URL');
/** Where screenshots go; none are taken without it. */
const SHOTS = process.env.RINGFENCE_SCREENSHOTS;

/** The sizes on which every page must be right. */
export const SIZES = [
  [1366, 768],
  [1024, 768],
];

/** A word the harness hands over in the environment. */
export function needed(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: these scenarios are started by cargo xtask test --only browser`);
  return value;
}

/** The certificate the box shows: its SHA-256 fingerprint in hex, and the pin of its key for Chromium. */
export function certificate(url = URL_OF_BOX) {
  const { hostname, port } = new URL(url);
  return new Promise((done, failed) => {
    // Nothing is trusted here: what is seen is compared with what the box's console shows.
    const socket = tls.connect({ host: hostname, port, servername: hostname, rejectUnauthorized: false }, () => {
      const shown = new X509Certificate(socket.getPeerCertificate().raw);
      const key = shown.publicKey.export({ type: 'spki', format: 'der' });
      const sha = (bytes, form) => createHash('sha256').update(bytes).digest(form);
      done({ fingerprint: sha(shown.raw, 'hex'), pin: sha(key, 'base64'), protocol: socket.getProtocol() });
      socket.destroy();
    });
    socket.on('error', failed);
  });
}

let running;

/** The one browser of this process. It accepts this box's certificate and no other unknown one. */
export async function browser() {
  running ??= (async () => {
    const { pin } = await certificate();
    const args = [
      `--ignore-certificate-errors-spki-list=${pin}`,
      '--autoplay-policy=no-user-gesture-required',
      '--force-color-profile=srgb',
    ];
    const root = process.getuid() === 0;
    return chromium.launch({
      executablePath: process.env.RINGFENCE_CHROMIUM ?? '/usr/bin/chromium',
      chromiumSandbox: !root,
      args,
    });
  })();
  return running;
}

const proxies = new Map();

/** Ends the browser and what it went through. */
export async function close() {
  if (running) await (await running).close();
  running = undefined;
  for (const { server, sockets } of proxies.values()) {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  }
  proxies.clear();
}

/**
 * A tunnel that reaches the box from another loopback address, so that each person has a source of their own:
 * the box counts attempts per source and binds a session to it. It passes bytes on and sees no plain text.
 */
async function tunnel(source) {
  if (!proxies.has(source)) {
    const server = http.createServer((_, answer) => answer.writeHead(405).end());
    const sockets = new Set();
    server.on('connect', (request, inner, head) => {
      const { hostname, port } = new URL(`http://${request.url}`);
      const outer = net.connect({ host: hostname === 'localhost' ? '127.0.0.1' : hostname, port, localAddress: source });
      for (const socket of [inner, outer]) {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        socket.on('error', () => [inner, outer].forEach((each) => each.destroy()));
      }
      outer.on('connect', () => {
        inner.write('HTTP/1.1 200 Connected\r\n\r\n');
        outer.write(head);
        inner.pipe(outer).pipe(inner);
      });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    proxies.set(source, { server, sockets });
  }
  return `http://127.0.0.1:${proxies.get(source).server.address().port}`;
}

/**
 * A window of one person: own cookies, own source address.
 * `storage` is what `context.storageState()` gave before.
 */
export async function open({ source = '127.0.0.1', lang = 'zh', theme = 'light', js = true, size = SIZES[0], storage, agent } = {}) {
  const context = await (await browser()).newContext({
    proxy: { server: await tunnel(source) },
    locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    javaScriptEnabled: js,
    viewport: { width: size[0], height: size[1] },
    colorScheme: theme,
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...(storage && { storageState: storage }),
    ...(agent && { userAgent: agent }),
  });
  await looks(context, lang, theme);
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const watch = new Watch(page);
  const window = { context, page, watch, source };
  windows.add(window);
  context.on('close', () => windows.delete(window));
  return window;
}

/** The windows that are open now. */
export const windows = new Set();

/** Sets language and theme as the page's own switches do. */
export async function looks(context, lang, theme) {
  const cookie = (name, value) => ({ name, value, url: URL_OF_BOX, secure: true, sameSite: 'Strict' });
  await context.addCookies([cookie('lang', lang), cookie('theme', theme)]);
}

/** Everything that went wrong in a window, whether or not a scenario looked at it. */
export class Watch {
  #faults = [];
  #expected = new Set();

  constructor(page) {
    page.on('console', (message) => {
      const failed = /status of (\d{3})/.exec(message.text());
      if (failed && this.#expected.has(Number(failed[1]))) return;
      if (message.type() === 'error' || message.type() === 'warning') {
        this.#faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => this.#faults.push(`script: ${error.message}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      // Leaving a page ends its live connection, and a download ends its navigation; neither is a fault.
      if (why !== 'net::ERR_ABORTED') this.#faults.push(`failed: ${request.method()} ${request.url()} ${why}`);
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && origin !== URL_OF_BOX) {
        this.#faults.push(`loaded from outside: ${request.url()}`);
      }
    });
    page.on('response', (answer) => {
      if (answer.status() >= 400 && !this.#expected.has(answer.status())) {
        this.#faults.push(`answer ${answer.status()}: ${answer.request().method()} ${answer.url()}`);
      }
    });
    page.on('crash', () => this.#faults.push('the page crashed'));
  }

  /** These statuses are what the scenario wants to see, until `none` is called. */
  expect(...statuses) {
    statuses.forEach((status) => this.#expected.add(status));
  }

  /** Fails with everything that went wrong since the last time. */
  none() {
    const faults = this.#faults;
    this.#faults = [];
    this.#expected.clear();
    assert.deepEqual(faults, [], `the browser complains:\n${faults.join('\n')}`);
  }

  /** What went wrong so far, for tests of the watch itself. */
  take() {
    const faults = this.#faults;
    this.#faults = [];
    return faults;
  }
}

/** Opens a path of the box and returns its status. */
export async function visit(page, where) {
  const answer = await page.goto(URL_OF_BOX + where, { waitUntil: 'load' });
  return answer.status();
}

/** No violation of any accessibility rule axe-core knows; the message names each rule and its places. */
export async function accessible(page, what) {
  const violations = await page.evaluate(async (source) => {
    if (!globalThis.axe) (0, eval)(source);
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      places: nodes.slice(0, 4).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    }));
  }, AXE);
  const text = violations.map(({ id, impact, help, places }) => `${id} (${impact}): ${help}\n    ${places.join('\n    ')}`);
  assert.equal(violations.length, 0, `${what}: axe-core finds\n${text.join('\n')}`);
}

/** Nothing is wider than the window, and no text is cut off at its right edge. */
export async function fits(page, what) {
  const { wide, room, culprits } = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth;
    const out = (element) => element.getBoundingClientRect().right > room + 1;
    const culprits = wide > room ? [...document.body.querySelectorAll('*')].filter(out) : [];
    const name = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`;
    return { wide, room, culprits: culprits.slice(-5).map(name) };
  });
  assert.ok(wide <= room, `${what}: ${wide} px wide in a window of ${room} px: ${culprits.join(', ')}`);
}

/** Every text a person can see or hear on a page, each with the element it stands in. */
export async function texts(page) {
  return page.evaluate(() => {
    const found = [];
    const where = (element) => {
      const box = element.closest('[id],[class],[name]') ?? element;
      return `${box.tagName.toLowerCase()}#${box.id}.${box.getAttribute('class') ?? ''}`;
    };
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent.closest('script,style,noscript,template')) continue;
      const text = walker.currentNode.data.replace(/\s+/g, ' ').trim();
      if (text) found.push({ text, where: where(parent), lang: parent.closest('[lang]')?.lang ?? '', data: Boolean(parent.closest('code,kbd,.mono,.hash')) });
    }
    for (const element of document.querySelectorAll('[title],[aria-label],[placeholder],[alt],[data-confirm]')) {
      for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'data-confirm']) {
        const text = element.getAttribute(name)?.trim();
        if (text) found.push({ text, where: `${where(element)} ${name}`, lang: element.closest('[lang]')?.lang ?? '', data: false });
      }
    }
    return found;
  });
}

/** A picture of the whole page for a person to look at. */
export async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
}

/** Asks until there is something, with a limit; never waits for time alone. */
export async function until(what, ask, limit = WAIT_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await ask();
    if (value) return value;
    assert.ok(Date.now() < end, `not within ${limit / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

/** How long the box may take for one thing on a busy machine. */
export const WAIT_MS = Number(process.env.RINGFENCE_WAIT_MS ?? 15_000);
const PAUSE_MS = 100;
