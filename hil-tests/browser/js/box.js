// What the harness outside the browser does for a scenario: it shows what stands on the console, knows what the
// callees said, and lets phones ring. One line of JSON each way on a socket of the file system.

import assert from 'node:assert/strict';
import net from 'node:net';
import { needed } from './lib.js';

/** Asks the harness; a refusal is a failure of the scenario. */
export function box(what, values = {}) {
  return new Promise((done, failed) => {
    const socket = net.connect(needed('RINGFENCE_CONTROL'));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('end', () => {
      try {
        const answer = JSON.parse(text);
        assert.equal(answer.fault, undefined, `${what}: ${answer.fault}`);
        done(answer);
      } catch (error) {
        failed(error);
      }
    });
    socket.on('error', failed);
    socket.end(`${JSON.stringify({ what, ...values })}\n`);
  });
}
