// The checks themselves are checked: each must find the fault it is for, on a small server that has it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import test, { after, before } from 'node:test';

const HEAD = '<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>页</title>';
const BODY = '</head><body><main><h1>页</h1><p>内容</p></main></body></html>';
const PAGES = {
  '/good': HEAD + BODY,
  '/inline': `${HEAD}<script>document.title = "changed";</script>${BODY}`,
  '/outside': `${HEAD}<link rel="stylesheet" href="https://elsewhere.invalid/a.css">${BODY}`,
  '/throws': `${HEAD}<script src="/throws.js"></script>${BODY}`,
  '/wide': `${HEAD}<link rel="stylesheet" href="/wide.css">${BODY}`,
  '/unlabelled': `${HEAD}</head><body><main><h1>页</h1><input name="x"><img src="data:,"></main></body></html>`,
  '/missing': `${HEAD}<script src="/nothing.js"></script>${BODY}`,
};
const FILES = { '/throws.js': ['text/javascript', 'throw new Error("boom");'], '/wide.css': ['text/css', 'h1 { width: 3000px; }'] };

let server, lib, wav, people, seen;

before(async () => {
  const file = (name) => readFileSync(path.join(process.env.RINGFENCE_TLS, name));
  server = https.createServer({ cert: file('cert.pem'), key: file('key.pem'), minVersion: 'TLSv1.3' }, (request, answer) => {
    seen = { from: request.socket.remoteAddress, agent: request.headers['user-agent'], cookie: request.headers.cookie ?? '' };
    const [type, text] = FILES[request.url] ?? ['text/html', PAGES[request.url]];
    if (request.url === '/favicon.ico') return answer.writeHead(204).end();
    answer.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:");
    return text ? answer.writeHead(200, { 'Content-Type': type }).end(text) : answer.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  process.env.RINGFENCE_URL = `https://localhost:${server.address().port}`;
  [lib, wav, people] = await Promise.all([import('./lib.js'), import('./wav.js'), import('./people.js')]);
});

after(async () => {
  await lib?.close();
  server?.closeAllConnections();
  server?.close();
});

async function on(where, options, look) {
  const window = await lib.open(options);
  try {
    await lib.visit(window.page, where);
    await look(window);
  } finally {
    await window.context.close();
  }
}

test('a page without a fault passes every check, from the source and with the looks asked for', () =>
  on('/good', { source: '127.0.7.9', lang: 'en', theme: 'dark', agent: 'A browser/1' }, async ({ page, watch }) => {
    await lib.accessible(page, 'good');
    await lib.fits(page, 'good');
    watch.none();
    assert.equal(seen.from, '127.0.7.9');
    assert.equal(seen.agent, 'A browser/1');
    assert.match(seen.cookie, /lang=en/);
    assert.match(seen.cookie, /theme=dark/);
    const found = await lib.texts(page);
    assert.deepEqual(found.map(({ text }) => text), ['页', '页', '内容']);
  }));

test('the watch sees inline code, outside files, script errors and missing files', async () => {
  for (const [where, words] of [
    ['/inline', /Content Security Policy/],
    ['/outside', /loaded from outside|Content Security Policy/],
    ['/throws', /boom/],
    ['/missing', /404/],
  ]) {
    await on(where, {}, ({ watch }) => assert.match(watch.take().join('\n'), words, where));
  }
});

test('an expected status is no fault, once', () =>
  on('/missing', {}, async ({ page, watch }) => {
    watch.take();
    watch.expect(404);
    await page.reload();
    watch.none();
    await page.reload();
    assert.match(watch.take().join('\n'), /404/);
  }));

test('axe-core finds an input without a label, and its message names the rule', () =>
  on('/unlabelled', {}, ({ page }) => assert.rejects(lib.accessible(page, 'unlabelled'), /label \(critical\)/)));

test('a page wider than its window is found, and what makes it so', () =>
  on('/wide', {}, ({ page }) => assert.rejects(lib.fits(page, 'wide'), /3\d{3} px wide in a window of 1366 px: h1/)));

test('a certificate that is not pinned is refused', async () => {
  const { pin, protocol, fingerprint } = await lib.certificate();
  assert.match(pin, /^[A-Za-z0-9+/]{43}=$/);
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.equal(protocol, 'TLSv1.3');
  const file = (name) => readFileSync(path.join(process.env.RINGFENCE_OTHER_TLS, name));
  const other = https.createServer({ cert: file('cert.pem'), key: file('key.pem') }, (_, answer) => answer.end('x'));
  await new Promise((done) => other.listen(0, '127.0.0.1', done));
  const { context, page } = await lib.open();
  await assert.rejects(page.goto(`https://localhost:${other.address().port}/`), /ERR_CERT_AUTHORITY_INVALID/);
  await context.close();
  other.close();
});

test('one-time codes are those of RFC 6238, appendix B', () => {
  const secret = people.base32(Buffer.from('12345678901234567890'));
  assert.equal(secret, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  for (const [time, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [2000000000, '279037'],
  ]) {
    assert.equal(people.totp(secret, Math.floor(time / 30)), code);
  }
});

test('a tone is found in what was heard and another is not, and a voice is told from another', () => {
  const samples = (bytes) => wav.readWav(bytes).channels[0];
  const heard = samples(wav.tone(600, 400));
  assert.ok(wav.shareOf(600, heard) > 0.99);
  assert.ok(wav.shareOf(700, heard) < 0.05);
  assert.equal(wav.shareOf(600, new Float32Array(800)), 0);
  const voice = (seed) => Float32Array.from({ length: 24_000 }, (_, n) => Math.sin(n * n * seed) * 0.3);
  const said = voice(0.000_011);
  assert.ok(wav.heardIn(said.subarray(3_000, 12_000), said) > 0.95);
  assert.ok(wav.heardIn(said.subarray(3_000, 12_000), voice(0.000_031)) < 0.3);
});
