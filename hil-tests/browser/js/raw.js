// Requests no browser would make, from any source address, with any header and body.
//
// Nothing here follows a redirect or keeps a cookie.

import { randomBytes } from 'node:crypto';
import https from 'node:https';
import tls from 'node:tls';
import { URL_OF_BOX } from './lib.js';

/** The name Chromium gives itself is part of a session's binding; this is another. */
export const OTHER_BROWSER = 'Mozilla/5.0 (another browser)';

/** One request; the whole answer as text. */
export function ask(where, { source = '127.0.2.1', method = 'GET', headers = {}, body, host } = {}) {
  const { hostname, port } = new URL(URL_OF_BOX);
  return new Promise((done, failed) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        path: where,
        method,
        localAddress: source,
        servername: hostname,
        rejectUnauthorized: false,
        agent: false,
        headers: { Host: host ?? `${hostname}:${port}`, ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }), ...headers },
      },
      (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() }));
        answer.on('error', failed);
      },
    );
    request.on('error', failed);
    request.setTimeout(LIMIT_MS, () => request.destroy(new Error(`no answer to ${method} ${where}`)));
    request.end(body);
  });
}

/** Bytes on a TLS connection, and whatever comes back until it is closed. */
export function bytes(text, source = '127.0.2.1') {
  const { port } = new URL(URL_OF_BOX);
  return new Promise((done, failed) => {
    const socket = tls.connect({ host: '127.0.0.1', port, localAddress: source, servername: 'localhost', rejectUnauthorized: false }, () => socket.write(text));
    let back = '';
    socket.setEncoding('latin1');
    socket.on('data', (part) => {
      back += part;
    });
    socket.on('close', () => done(back));
    socket.on('error', (error) => (back ? done(back) : failed(error)));
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('the connection stays open')));
  });
}

/** A form's body as a browser sends it. */
export function form(fields) {
  return new URLSearchParams(fields).toString();
}

/** A multipart body; a part is a text, or `{ file, type, content }`. */
export function multipart(fields) {
  const mark = `----${randomBytes(12).toString('hex')}`;
  const parts = [];
  for (const [name, value] of Object.entries(fields)) {
    const file = value !== null && typeof value === 'object';
    const more = file ? `; filename="${value.file}"\r\nContent-Type: ${value.type}` : '';
    parts.push(Buffer.from(`--${mark}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`));
    parts.push(Buffer.from(file ? value.content : value), Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`--${mark}--\r\n`));
  return { type: `multipart/form-data; boundary=${mark}`, body: Buffer.concat(parts) };
}

/** The headers a browser sends with a form of our own page. */
export function ownHeaders(cookie, more = {}) {
  return { Cookie: cookie, Origin: URL_OF_BOX, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded', ...more };
}

const LIMIT_MS = 15_000;
