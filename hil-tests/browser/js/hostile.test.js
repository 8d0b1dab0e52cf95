// What an attacker on the hospital's own network would try. Each try gets a clear answer with a stable code, changes
// nothing, and where it matters stands in the ledger.

import assert from 'node:assert/strict';
import tls from 'node:tls';
import { certificate, needed, open, URL_OF_BOX, visit } from './lib.js';
import { code, doing, fillSignIn, note, PEOPLE, recall } from './people.js';
import { ask, bytes, form, multipart, OTHER_BROWSER, ownHeaders } from './raw.js';
import { scenario } from './scenario.js';

const JSON_PLEASE = { Accept: 'application/json' };
const CHROME = {};

/** The session of somebody as a header, and the browser it is bound to. */
function stolen(who) {
  const { storage } = recall(who);
  const cookie = storage.cookies.find(({ name }) => name === '__Host-session');
  return { cookie: `__Host-session=${cookie.value}; lang=zh`, source: PEOPLE[who].source };
}

/** The proofs of the first form with this action on a page. */
async function proofs(where, action, { cookie, source, agent = CHROME.agent }) {
  const { text, status } = await ask(where, { source, headers: { Cookie: cookie, 'User-Agent': agent } });
  assert.equal(status, 200, where);
  const found = text.split('<form').find((part) => part.includes(`action="${action}"`));
  assert.ok(found, `${where} has a form for ${action}`);
  const field = (name) => new RegExp(`name="${name}" value="([^"]+)"`).exec(found)[1];
  return { csrf: field('csrf'), once: field('once') };
}

function post(where, fields, { cookie, source }, headers = {}) {
  return ask(where, {
    source,
    method: 'POST',
    body: typeof fields === 'string' ? fields : form(fields),
    headers: ownHeaders(cookie, { 'User-Agent': CHROME.agent, ...JSON_PLEASE, ...headers }),
  });
}

function refusedWith(answer, status, word) {
  assert.equal(answer.status, status, answer.text.slice(0, 300));
  const { code: said, text } = JSON.parse(answer.text);
  assert.equal(said, word);
  assert.ok(text.length > 5, 'it says what to do next');
}

scenario('the attacker knows the victim’s browser by name', () =>
  doing('technician', async (page) => {
    CHROME.agent = await page.evaluate(() => navigator.userAgent);
  }),
);

scenario('tls: 1.3 is spoken, nothing older, and the certificate is the one the console shows', async () => {
  const shown = await certificate();
  assert.equal(shown.protocol, 'TLSv1.3');
  assert.equal(shown.fingerprint, needed('RINGFENCE_FINGERPRINT').replaceAll(':', '').toLowerCase());
  const { port } = new URL(URL_OF_BOX);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.1']) {
    const why = await new Promise((done) => {
      const socket = tls.connect({ host: '127.0.0.1', port, maxVersion, minVersion: 'TLSv1', rejectUnauthorized: false, ciphers: 'DEFAULT@SECLEVEL=0' });
      socket.on('secureConnect', () => done(`${maxVersion} was spoken`));
      socket.on('error', (error) => done(error.code));
    });
    assert.match(why, /ALERT|RESET/, maxVersion);
  }
});

scenario('every answer carries the protecting headers, errors too', async () => {
  for (const [where, status] of [['/sign-in', 200], ['/', 303], ['/nowhere', 404]]) {
    const { headers, status: got } = await ask(where);
    assert.equal(got, status, where);
    assert.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
    assert.match(headers['strict-transport-security'], /max-age=31536000/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'same-origin');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers.server, undefined);
  }
});

scenario('a form without its proof, with a wrong one, or from another site changes nothing', async () => {
  const victim = stolen('technician');
  const good = await proofs('/me', '/preferences', victim);
  const send = (fields, headers) => post('/preferences', { back: '/me', theme: 'dark', ...fields }, victim, headers);
  refusedWith(await send({ once: good.once }), 403, 'csrf');
  refusedWith(await send({ ...good, csrf: good.csrf.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }), 403, 'csrf');
  refusedWith(await send({ csrf: good.csrf }), 403, 'once');
  for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { Origin: undefined, 'Sec-Fetch-Site': 'cross-site' }]) {
    const sent = Object.fromEntries(Object.entries({ Cookie: victim.cookie, 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': CHROME.agent, ...JSON_PLEASE, ...headers }).filter(([, value]) => value));
    const answer = await ask('/preferences', { source: victim.source, method: 'POST', headers: sent, body: form({ ...good, back: '/me', theme: 'dark' }) });
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.equal(answer.headers['set-cookie'], undefined);
  }
  assert.equal((await send(good)).status, 303, 'the untouched form is still good');
});

scenario('a form that is sent a second time is refused and says so', async () => {
  const victim = stolen('technician');
  const good = await proofs('/me', '/preferences', victim);
  const send = () => post('/preferences', { ...good, back: '/me', theme: 'light' }, victim);
  assert.equal((await send()).status, 303);
  refusedWith(await send(), 409, 'sent-before');
  const shown = await post('/preferences', { ...good, back: '/me', theme: 'light' }, victim, { Accept: 'text/html' });
  assert.equal(shown.status, 409);
  assert.match(shown.text, /此表单已提交过/);
});

scenario('a redirect leads nowhere but into the page, and no header can be added to it', async () => {
  const victim = stolen('technician');
  for (const back of ['https://evil.example/', '//evil.example', '/\\evil.example', '/me\r\nSet-Cookie: a=b', '/me\nX: y']) {
    const good = await proofs('/me', '/preferences', victim);
    const { status, headers } = await post('/preferences', { ...good, back, theme: 'light' }, victim);
    assert.equal(status, 303);
    assert.equal(headers.location, '/');
    assert.equal(headers.x, undefined);
    assert.ok(headers['set-cookie'].every((cookie) => !cookie.startsWith('a=')));
  }
});

scenario('too much, too long and malformed is refused by its kind', async () => {
  const victim = stolen('technician');
  const browser = { 'User-Agent': CHROME.agent };
  refusedWith(await post('/preferences', 'x='.padEnd(70_000, 'y'), victim), 413, 'too-large');
  refusedWith(await ask(`/${'a'.repeat(9_000)}`, { headers: { ...browser, ...JSON_PLEASE } }), 414, 'address-long');
  const long = await ask('/sign-in', { headers: { ...JSON_PLEASE, 'X-Long': 'a'.repeat(20_000) } }).catch((error) => ({ status: 431, error }));
  assert.equal(long.status, 431);
  refusedWith(await ask('/sign-in', { method: 'DELETE', headers: JSON_PLEASE }), 405, 'method');
  refusedWith(await ask('/me', { source: victim.source, method: 'PUT', body: 'x', headers: ownHeaders(victim.cookie, JSON_PLEASE) }), 405, 'method');
  refusedWith(await post('/preferences', '{"a":1}', victim, { 'Content-Type': 'application/json' }), 415, 'content-type');
  const broken = await post('/preferences', 'csrf=%ZZ', victim);
  assert.equal(broken.status, 400);
  const many = await post('/preferences', form(Array.from({ length: 2_000 }, (_, n) => [`f${n}`, ''])), victim);
  assert.equal(many.status, 400);
  assert.match(await bytes('GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'), /^(HTTP\/1.1 (400|303)|$)/);
  assert.match(await bytes('\x00\x01garbage\r\n\r\n'), /^(HTTP\/1.1 400|$)/);
  const { status } = await ask('/me', { source: victim.source, headers: { ...browser, Cookie: victim.cookie } });
  assert.equal(status, 200, 'the session is as before');
});

scenario('a session cookie from another browser or another address is refused, ends the session, and is recorded', async () => {
  for (const [who, source, agent] of [
    ['technician', PEOPLE.technician.source, OTHER_BROWSER],
    ['data', '127.0.9.9', CHROME.agent],
  ]) {
    await doing(who, () => {});
    const { cookie, source: own } = stolen(who);
    const asOwner = () => ask('/me', { source: own, headers: { Cookie: cookie, 'User-Agent': CHROME.agent } });
    assert.equal((await asOwner()).status, 200);
    refusedWith(await ask('/me', { source, headers: { Cookie: cookie, 'User-Agent': agent, ...JSON_PLEASE } }), 401, 'session-elsewhere');
    const after = await asOwner();
    assert.equal(after.status, 303, 'the session is over for its owner too');
    assert.match(after.headers.location, /^\/sign-in/);
    note(who, { storage: undefined });
  }
});

scenario('a stranger’s error page offers no form that would be refused', async () => {
  const { text, status } = await ask('/nowhere', { headers: { Accept: 'text/html' } });
  assert.equal(status, 404);
  assert.ok(!text.includes('<form'), 'it has no token to prove a form by');
});

scenario('cookies that are none are none', async () => {
  for (const cookie of ['__Host-session=', '__Host-session=AAAA', `__Host-session=${'A'.repeat(43)}`, '__Host-session=\u0001', `${'a=b; '.repeat(200)}`]) {
    const answer = await ask('/me', { headers: { Cookie: cookie } }).catch((error) => error);
    assert.ok(answer.code === 'ERR_INVALID_CHAR' || answer.status === 303, `${cookie.slice(0, 30)}: ${answer.status ?? answer}`);
  }
});

scenario('iam_01 a one-time code is taken once; without it, or without the password, nobody signs in', async () => {
  const person = { ...PEOPLE.technician, code: await code('technician', { fresh: true }) };
  const attempt = async (source, fields) => {
    const window = await open({ source });
    await visit(window.page, '/sign-in');
    window.watch.expect(401, 403, 422);
    await fillSignIn(window.page, { ...person, ...fields });
    await window.page.waitForLoadState();
    return window;
  };
  for (const wrong of [{ code: '000000' }, { password: 'not the password at all' }]) {
    const { page, context } = await attempt('127.0.9.20', wrong);
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    assert.equal(await page.locator('input[name=login]').inputValue(), person.login, 'what was typed is kept');
    assert.equal(await page.locator('input[name=password]').inputValue(), '', 'but never a password');
    assert.equal(await page.locator('input[name=code]').inputValue(), '', 'and never a code');
    await context.close();
  }
  const good = await attempt(person.source, {});
  await good.page.waitForURL((url) => url.pathname !== '/sign-in');
  note('technician', { storage: await good.context.storageState() });
  await good.context.close();
  const again = await attempt('127.0.9.21', {});
  assert.equal(new URL(again.page.url()).pathname, '/sign-in', 'the same code again');
  await again.context.close();
});

scenario('a file name cannot carry a header or a path', async () => {
  const victim = stolen('technician');
  const { type, body } = multipart({ file: { file: 'a\r\nX-Evil: 1', type: 'text/plain', content: 'x' } });
  const answer = await ask('/contacts', { source: victim.source, method: 'POST', body, headers: ownHeaders(victim.cookie, { 'Content-Type': type, ...JSON_PLEASE }) });
  assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
});
