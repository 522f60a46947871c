/** Requests that are none, as many as one address can send: each could be a line in a log on the disk that Redis has. */
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Attack, each } from '../attack.js';

const PARALLEL = 16;
/** What one address may have written: 100 wrong requests in 10 s, as haproxy.cfg has it, and some that are under way. */
const LINES_IN_10_S = 120;
/** The longest line is one with a request as it was sent, which HAProxy cuts off. */
const LINE_BYTES = 1_024;
/** What the cluster itself writes meanwhile. */
const OWN_BYTES = 65_536;

const NONSENSE: readonly string[] = [
  'NONSENSE\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'GET / HTTP/1.1\r\nHost x\r\n\r\n',
  'POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n',
  `GET /${'\u0001'.repeat(20)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense, but long enough to be a frame of a kind',
];

const send = (port: number, from: string, text: string) =>
  new Promise<boolean>((resolve) => {
    let answered = false;
    const socket = connect({ host: '127.0.0.1', port, localAddress: from }, () => socket.write(text));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', () => {
      answered = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answered));
  });

const sizeOf = (folder: string) =>
  readdirSync(folder).reduce((bytes, name) => bytes + statSync(join(folder, name)).size, 0);

export const logFilling: Attack = {
  name: 'log-filling',
  what: 'malformed requests that fill the disk with logs',
  limits: 'default',
  full: 50_000,
  least: 500,
  unit: 'requests',
  async run(scene) {
    const logs = join(scene.folder, 'logs');
    const from = scene.stranger();
    const [before, since] = [sizeOf(logs), performance.now()];
    let answered = 0;
    await each(scene.times, PARALLEL, async (at) => {
      if (await send(scene.port, from, NONSENSE[at % NONSENSE.length] ?? '')) answered += 1;
      scene.did(1);
    });
    const seconds = (performance.now() - since) / 1_000;
    const grown = sizeOf(logs) - before;
    const most = OWN_BYTES + Math.ceil(seconds / 10 + 1) * LINES_IN_10_S * LINE_BYTES;
    if (grown > most) scene.broken(`logs grew by ${grown} bytes in ${Math.round(seconds)} s, more than ${most}`);
    return { answered, log_bytes: grown, requests_a_second: Math.round(scene.times / seconds) };
  },
};
