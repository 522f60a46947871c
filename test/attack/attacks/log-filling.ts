/** Requests that are none, as many as one address can send: each could be a line in a log on the disk that Redis has. */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Attack, each } from '../attack.js';
import { dial } from '../door.js';

const PARALLEL = 16;
/** What one address may have written: 100 wrong requests in 10 s, as haproxy.cfg has it, and some that are under way. */
const LINES_IN_10_S = 120;
/** The same of handshakes that fail: 1,000 new connections in 10 s. */
const HANDSHAKES_IN_10_S = 1_020;
/** Requests within TLS, requests without, and handshakes that fail. */
const KINDS = 3;
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

/** Bytes that no handshake of TLS begins with. */
const NO_HANDSHAKE = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

/** Whether anything came back. */
const send = (connected: (ready: (socket: Socket) => void) => Socket, data: string | Buffer) =>
  new Promise<boolean>((resolve) => {
    let answered = false;
    const socket = connected((ready) => ready.write(data));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', () => {
      answered = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answered));
  });

const sizeOf = (folder: string) =>
  readdirSync(folder).reduce((bytes, name) => bytes + statSync(join(folder, name)).size, 0);

/** The lines that name an address as that of a client, and their bytes. */
async function linesOf(folder: string, address: string): Promise<{ lines: number; bytes: number }> {
  let [lines, bytes] = [0, 0];
  for (const name of readdirSync(folder)) {
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      if (!line.includes(`${address}:`)) continue;
      lines += 1;
      bytes += Buffer.byteLength(line) + 1;
    }
  }
  return { lines, bytes };
}

export const logFilling: Attack = {
  name: 'log-filling',
  what: 'malformed requests that fill the disk with logs',
  limits: 'default',
  full: 50_000,
  least: 500,
  unit: 'requests',
  async run(scene) {
    const logs = join(scene.folder, 'logs');
    // Requests within TLS and without, and handshakes that fail: each kind from an address of its own.
    const [requests, failing] = [scene.stranger(), scene.stranger()];
    const [before, since] = [sizeOf(logs), performance.now()];
    let answered = 0;
    await each(scene.times, PARALLEL, async (at) => {
      const text = NONSENSE[Math.floor(at / KINDS) % NONSENSE.length] ?? '';
      const plainly = (ready: (socket: Socket) => void) => dial({ ...scene.door, secure: false }, failing, ready);
      const door = at % KINDS === 0 ? scene.door : scene.plainDoor;
      const isRequest = at % KINDS < KINDS - 1;
      if (isRequest) {
        door.traffic.connections += 1;
        door.traffic.requests += 1;
      }
      const got = isRequest
        ? await send((ready) => dial(door, requests, ready), text)
        : await send(plainly, NO_HANDSHAKE);
      if (got) answered += 1;
      scene.did(1);
    });
    const seconds = (performance.now() - since) / 1_000;
    const stretches = Math.ceil(seconds / 10 + 1);
    const most = { requests: stretches * LINES_IN_10_S, failing: stretches * HANDSHAKES_IN_10_S };
    const [ofRequests, ofFailing] = [await linesOf(logs, requests), await linesOf(logs, failing)];
    for (const [what, { lines, bytes }, bound] of [
      ['malformed requests', ofRequests, most.requests],
      ['failed handshakes', ofFailing, most.failing],
    ] as const) {
      if (lines === 0) scene.broken(`no line tells of ${what}`);
      if (lines > bound) scene.broken(`${lines} lines of ${what} in ${Math.round(seconds)} s, more than ${bound}`);
      if (bytes > lines * LINE_BYTES) scene.broken(`${lines} lines of ${what} have ${bytes} bytes`);
    }
    const grown = sizeOf(logs) - before;
    const written = OWN_BYTES + (most.requests + most.failing) * LINE_BYTES;
    if (scene.isAlone && grown > written) scene.broken(`logs grew by ${grown} bytes, more than ${written}`);
    return {
      answered,
      log_bytes: grown,
      lines_of_requests: ofRequests.lines,
      lines_of_handshakes: ofFailing.lines,
      requests_a_second: Math.round(scene.times / seconds),
    };
  },
};
