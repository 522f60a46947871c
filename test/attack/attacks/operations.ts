/** Operators' doors, without their keys: in every spelling, behind other requests, and with the passwords people choose. */
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { crockford } from '../../../src/runtime/random.js';
import { type Attack, each, type Scene } from '../attack.js';
import { dial, type PlayersDoor, Traffic } from '../door.js';
import { type Answer, ask, pipelined } from '../http.js';

const SECRET_PATHS = ['health', 'livez', 'status', 'metrics'] as const;
const PASSWORDS = ['', 'admin', 'password', 'hokm', 'haproxy', 'stats', 'operator', '123456', 'changeme', 'secret'];
const USERS = ['', 'admin', 'hokm', 'stats', 'operator', 'root', 'haproxy'];
const ANSWER_MS = 10_000;
/** What only an operator is shown. */
const SECRETS =
  /lease_fresh|process_cpu|hokm_[a-z]+_total|"status":"alive"|"status":"ready"|Statistics Report|haproxy_process/;

/** Spellings of a path that a proxy and a server might read differently. */
function spelling(scene: Scene, path: string): string {
  const { random } = scene;
  const hex = (char: string) => `%${char.charCodeAt(0).toString(16)}`;
  const at = random.between(0, path.length - 1);
  const escaped = path.slice(0, at) + hex(path[at] ?? '') + path.slice(at + 1);
  const before = [
    '/',
    '//',
    '/./',
    '/api/../',
    '/assets/../',
    '/assets/..%2f',
    '/%2e/',
    '/ws/../',
    '/;/',
    '/%5c',
    '/ws%2f..%2f',
  ];
  const after = ['', '?', '/', '/.', '%20', '%00', '#', ';', '?room_code=7KQ2M9XZ', '%23', '\\', '..;/'];
  const start = before[random.between(0, before.length - 1)];
  const name = [path, escaped, path.toUpperCase(), `${hex('%')}${escaped}`][random.between(0, 3)];
  return `${start}${name}${after[random.between(0, after.length - 1)]}`;
}

/** Headers that would make a request look like one of this host, or like one of another instance. */
const DISGUISES: readonly Record<string, string>[] = [
  {},
  { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
  { 'x-hokm-forwarded': 'secret', authorization: 'Bearer ' },
  { 'x-original-url': '/status', 'x-rewrite-url': '/metrics' },
  { authorization: 'Bearer undefined' },
  { host: 'localhost' },
];

async function peek(scene: Scene): Promise<void> {
  const path = spelling(scene, SECRET_PATHS[scene.random.between(0, 3)] ?? '');
  const headers = DISGUISES[scene.random.between(0, DISGUISES.length - 1)] ?? {};
  const method = ['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'TRACE'][scene.random.between(0, 5)] ?? 'GET';
  const { host = '127.0.0.1', ...others } = headers;
  const lines = Object.entries({ host, ...others, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const said = await exchange(scene, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  if (SECRETS.test(said)) scene.broken(`${method} ${path} shows ${said.slice(0, 200)}`);
}

/** Everything that comes back for these bytes, until the connection ends. */
function exchange(scene: Scene, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    scene.door.traffic.connections += 1;
    scene.door.traffic.requests += 1;
    const socket = dial(scene.door, scene.stranger(), () => socket.write(bytes));
    socket.on('data', (data) => {
      said += String(data);
    });
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(said));
  });
}

/** A request within the body of another, for whoever counts its bytes otherwise. */
async function smuggle(scene: Scene): Promise<void> {
  const hidden = 'GET /status HTTP/1.1\r\nHost: x\r\nX-Ignore: ';
  const heads = [
    `Content-Length: ${hidden.length + 5}\r\nTransfer-Encoding: chunked`,
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    `Transfer-Encoding: xchunked\r\nContent-Length: ${hidden.length + 5}`,
    `Transfer-Encoding : chunked\r\nContent-Length: 5`,
    `Content-Length: 5\r\nContent-Length: ${hidden.length + 5}`,
    `Content-Length: 5\r\n Transfer-Encoding: chunked`,
  ];
  for (const head of heads) {
    const request = `POST /api/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}\r\n\r\n0\r\n\r\n${hidden}`;
    const text = await exchange(scene, `${request}\r\n\r\n`);
    if (SECRETS.test(text)) scene.broken(`${head} gets through: ${text.slice(0, 200)}`);
  }
}

/** A wrong password is answered after 2 s when there were many. */
const DELAYED_MS = 1_900;

/** The operators' page: no password, the usual ones, and more of them than anybody may try. */
async function guessPasswords({ cluster, broken, stranger }: Scene): Promise<number> {
  const door: PlayersDoor = {
    port: Number(new URL(cluster.facts().stats_url).port),
    secure: false,
    traffic: new Traffic(),
  };
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const answers: Answer[] = [];
  for (const path of ['/', '/metrics', '/;csv']) {
    answers.push(await ask(door, path, { from: stranger() }));
    for (const user of [...USERS, cluster.facts().stats_user]) {
      const from = stranger();
      for (const password of PASSWORDS) answers.push(await ask(door, path, { headers: basic(user, password), from }));
    }
  }
  const odd = answers.find(({ status }) => status !== 401);
  if (odd) broken(`the operators' page answers ${odd.status}`);
  const from = stranger();
  const request = `GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('admin', crockford(8)).authorization}\r\n\r\n`;
  const guesses = Array.from({ length: 60 }, async () => {
    const since = performance.now();
    await pipelined(door, from, [request]);
    return performance.now() - since > DELAYED_MS;
  });
  const delayed = (await Promise.all(guesses)).filter(Boolean).length;
  if (delayed < 20) broken(`of 60 wrong passwords ${delayed} had to wait`);
  const { stats_user, stats_password } = cluster.facts();
  // From the address of the guesses: wrong ones lock nobody out.
  const { status } = await ask(door, '/metrics', { headers: basic(stats_user, stats_password), from });
  if (status !== 200) broken(`the operator is answered with ${status}`);
  return answers.length + 60;
}

/** Files and sockets through which drains and moves are ordered. */
function readableByOthers({ folder, cluster }: Scene): string[] {
  const { haproxy_socket: admin, control_socket: control } = cluster.facts();
  const files = [admin, control, join(folder, 'cluster.json')];
  return files.filter((file) => (statSync(file).mode & 0o077) !== 0);
}

/** An address of this host that is not loopback, if it has one. */
const outward = () =>
  Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

async function listensOutward({ cluster }: Scene): Promise<number[]> {
  const address = outward();
  if (address === undefined) return [];
  const { instances, redis_url: redis, stats_url: stats } = cluster.facts();
  const ports = [...instances.map(({ port }) => port), Number(new URL(redis).port), Number(new URL(stats).port)];
  const open = await Promise.all(
    ports.map(
      (port) =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ host: address, port }, () => resolve(true));
          socket.on('error', () => resolve(false));
          socket.once('connect', () => socket.destroy());
        }),
    ),
  );
  return ports.filter((_, at) => open[at]);
}

export const operations: Attack = {
  name: 'operations',
  what: 'unauthenticated operations',
  limits: 'default',
  full: 10_000,
  least: 100,
  unit: 'requests',
  async run(scene) {
    await each(scene.times, 6, async () => {
      await peek(scene);
      scene.did(1);
    });
    await smuggle(scene);
    const passwords = await guessPasswords(scene);
    for (const file of readableByOthers(scene)) scene.broken(`others may open ${file}`);
    for (const port of await listensOutward(scene)) scene.broken(`port ${port} is open to other hosts`);
    return { passwords };
  },
};
