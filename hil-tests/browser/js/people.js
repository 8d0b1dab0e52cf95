// The people of the site: who they are, their one-time codes (RFC 6238), and one kept session for each.
//
// A code is never used twice: the box refuses that. Codes of the step before, of now and of the next are taken, so
// three sign-ins in a row need no waiting; sessions are kept in a file and used again by every scenario.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { needed, open, until, visit } from './lib.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Base32 of RFC 4648 without padding. */
export function base32(bytes) {
  let text = '';
  let [bits, held] = [0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += DIGITS[(held >> bits) & 31];
      held &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + DIGITS[(held << (5 - bits)) & 31] : text;
}

function unbase32(text) {
  const bytes = [];
  let [bits, held] = [0, 0];
  for (const letter of text.replace(/[\s=-]/g, '').toUpperCase()) {
    const digit = DIGITS.indexOf(letter);
    if (digit < 0) throw new Error(`not base32: ${letter}`);
    held = (held << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}

/** The code of a step of 30 seconds. */
export function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', unbase32(secret)).update(counter).digest();
  const at = digest[digest.length - 1] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/**
 * Everybody who works here. Administrators come first: they exist from the first visit on. Each signs in from an
 * address of their own, as people at desks of their own do.
 */
export const PEOPLE = {
  system: { name: '刘建国', login: 'liu.jianguo', role: 'SystemAdmin' },
  security: { name: '陈晓敏', login: 'chen.xiaomin', role: 'SecurityAdmin' },
  audit: { name: '王志强', login: 'wang.zhiqiang', role: 'AuditAdmin' },
  compliance: { name: '赵丽华', login: 'zhao.lihua', role: 'Compliance' },
  manager: { name: '孙伟东', login: 'sun.weidong', role: 'Manager' },
  supervisor: { name: '周海燕', login: 'zhou.haiyan', role: 'Supervisor', team: true },
  qa: { name: '吴明', login: 'wu.ming', role: 'Qa' },
  data: { name: '郑秀英', login: 'zheng.xiuying', role: 'DataSpecialist', team: true },
  agent: { name: '冯佳', login: 'feng.jia', role: 'Agent', team: true },
  technician: { name: '褚卫国', login: 'chu.weiguo', role: 'Technician' },
};
Object.entries(PEOPLE).forEach(([who, person], n) => {
  Object.assign(person, { who, source: `127.0.1.${n + 10}`, password: `蓝天-quiet-harbour-${who}-73!` });
});

const ADMINISTRATORS = ['system', 'security', 'audit'];
/** The keys of those who come after the first visit. */
export const STAFF = Object.keys(PEOPLE).filter((who) => !ADMINISTRATORS.includes(who));

const notes = () => path.join(needed('RINGFENCE_NOTES'), 'people.json');

function noted() {
  return existsSync(notes()) ? JSON.parse(readFileSync(notes(), 'utf8')) : {};
}

/** Keeps what must outlive a scenario: secrets told once, the last step of a code, sessions. */
export function note(who, values) {
  const all = noted();
  all[who] = { ...all[who], ...values };
  mkdirSync(path.dirname(notes()), { recursive: true });
  writeFileSync(notes(), JSON.stringify(all, null, 2), { mode: 0o600 });
}

/** What was kept of somebody, or of the box. */
export function recall(who) {
  return noted()[who] ?? {};
}

/**
 * The next code of somebody that was not used yet; waits only when the next step's is used too. A `fresh` one is not
 * of the step before, which may be over in a moment.
 */
export async function code(who, { fresh = false } = {}) {
  const { secret, step = 0 } = recall(who);
  assert.ok(secret, `${who} has not enrolled`);
  const now = () => Math.floor(Date.now() / STEP_MS);
  const late = Date.now() % STEP_MS > STEP_MS - MARGIN_MS;
  const next = Math.max(step + 1, fresh || late ? now() : now() - 1);
  await until('a one-time code that was not used', () => next <= now() + 1, 2 * STEP_MS);
  note(who, { step: next });
  return totp(secret, next);
}

const MARGIN_MS = 10_000;
const STEP_MS = 30_000;

/** Fills the sign-in form and sends it. */
export async function fillSignIn(page, { login, password, code: digits }) {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(password);
  await page.locator('input[name=code]').fill(digits);
  await page.locator('main form button[type=submit], main form button:not([type])').first().click();
}

/** Signs somebody in through the form, in a new window. */
export async function signIn(who, options = {}) {
  const { login, password, source } = PEOPLE[who];
  const window = await open({ source, ...options });
  await visit(window.page, '/sign-in');
  await fillSignIn(window.page, { login, password, code: await code(who) });
  await window.page.waitForURL((url) => url.pathname !== '/sign-in');
  note(who, { storage: await window.context.storageState() });
  return window;
}

/** A window of somebody, with the session kept from before if there is one that still holds. */
export async function as(who, options = {}) {
  const { storage } = recall(who);
  if (!storage) return signIn(who, options);
  const window = await open({ source: PEOPLE[who].source, storage, ...options });
  await visit(window.page, options.at ?? '/');
  if (new URL(window.page.url()).pathname !== '/sign-in') return window;
  await window.context.close();
  return signIn(who, options);
}

/** Does something as somebody; the browser may complain of nothing in the meantime. */
export async function doing(who, work, options = {}) {
  const window = await as(who, options);
  const result = await work(window.page, window);
  window.watch.none();
  await window.context.close();
  return result;
}
