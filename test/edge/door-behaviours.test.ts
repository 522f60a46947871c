/**
 * The same as behaviours.test.ts through the players' door: by plain HTTP/1.1, and by HTTP/1.1 and HTTP/2 over TLS, on every
 * route, whatever happens to the room meanwhile. The instances live, and other rooms do not feel it.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { InstanceId } from '../../src/protocol/ids.js';
import { quantile } from '../bench/statistics.js';
import { shownAs, startController, startHAProxy, type TestHAProxy } from '../haproxy/support.js';
import { createRoom, runs, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { end, temporaryFolder, until } from '../support/programs.js';
import { makeCertificates } from '../support/tls.js';
import { Player } from './player.js';
import { type Asked, asText, BEHAVIOURS, requestsTo } from './routes.js';

const LIFE = { HOKM_LEASE_MS: '5000', HOKM_HEARTBEAT_MS: '500', HOKM_RECONCILE_MS: '500' };
const HEALTHY_ROOMS = 6;
/** Far above what a busy machine adds to a command, below what any timeout or retry would. */
const STEADY_MS = 1_000;
const IDLE_MS = 500;
const CANCEL = 8;
/** Far below the 15 s between comments on an event stream: HAProxy tells at once who has gone. */
const GONE_MS = 5_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cluster: TestCluster;
let haproxy: TestHAProxy;
/** Of those who speak without TLS, as behind a balancer that ends it. */
let plain: TestHAProxy;
let controllers: Awaited<ReturnType<typeof startController>>[];
let ca: string;
/** Plays the healthy rooms. */
let home: TestInstance;
let healthy: Player[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const { authority, certificate, key } = makeCertificates(folder.path);
  ca = readFileSync(authority, 'utf8');
  const pem = join(folder.path, 'players.pem');
  writeFileSync(pem, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  [cluster, haproxy, plain] = await Promise.all([
    startCluster(0, LIFE),
    startHAProxy({ HAPROXY_CERT: pem }),
    startHAProxy(),
  ]);
  const { redis } = cluster;
  controllers = await Promise.all([haproxy, plain].map((door) => startController(redis, door, LIFE)));
  home = await added();
  healthy = await Promise.all(Array.from({ length: HEALTHY_ROOMS }, async () => (await roomOn(home)).player));
});
afterAll(async () => {
  await Promise.all(controllers.map((controller) => end(controller)));
  await Promise.all([cluster.stop(), haproxy.stop(), plain.stop()]);
  await folder.remove();
});

async function added(env: Record<string, string> = {}): Promise<TestInstance> {
  const instance = await cluster.add(env);
  await Promise.all([haproxy, plain].map((door) => shownAs(door, instance.id as InstanceId, 'ready')));
  return instance;
}

/** A socket through the door. */
async function joined(room: string, hello = {}): Promise<Player> {
  const socket = new WebSocket(`wss://127.0.0.1:${haproxy.port}/ws?room_code=${room}`, { ca });
  await once(socket, 'open');
  const player = new Player(socket);
  player.hello(hello);
  await player.next('welcome').catch((error: unknown) => {
    throw new Error(`${room}: ${JSON.stringify(player.frames)}`, { cause: error });
  });
  return player;
}

/** A room of this instance, which a first join has made its own, and a player who has come through the door. */
async function roomOn(instance: TestInstance): Promise<{ room: string; player: Player }> {
  const room = await createRoom(`http://127.0.0.1:${instance.port}`);
  await (await Player.join(instance.url, room, { spectate: true })).drop();
  return { room, player: await joined(room) };
}

interface Tls {
  readonly tcp: Socket;
  readonly tls: TLSSocket;
}

async function openPlain(): Promise<Socket> {
  const tcp = connectTcp(plain.port, '127.0.0.1');
  tcp.on('error', () => undefined);
  await once(tcp, 'connect');
  return tcp;
}

async function openTls(protocol: 'h2' | 'http/1.1'): Promise<Tls> {
  const tcp = connectTcp(haproxy.port, '127.0.0.1');
  const tls = connectTls({ socket: tcp, ca, host: '127.0.0.1', ALPNProtocols: [protocol] });
  for (const socket of [tcp, tls]) socket.on('error', () => undefined);
  await once(tls, 'secureConnect');
  return { tcp, tls };
}

interface Session {
  readonly session: ClientHttp2Session;
  readonly tcp: Socket;
  readonly asked: Asked;
}

/** Asks, and sends so much of what follows the head. */
function ask({ session, asked }: Session, part = 1): ClientHttp2Stream {
  const { method, path, headers, body, frames } = asked;
  const follows = frames ?? Buffer.from(body);
  const stream = frames
    ? session.request({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': path,
        'sec-websocket-version': '13',
      })
    : session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === '' });
  stream.on('error', () => undefined);
  if (follows.length > 0) stream.write(follows.subarray(0, follows.length * part));
  if (!frames && body !== '' && part === 1) stream.end();
  return stream;
}

interface Behaviour {
  /** What the client lets a stream send before it has read, bytes. */
  readonly window?: number;
  readonly act: (session: Session) => void;
}

const times = 20;
const HTTP2: Readonly<Record<string, Behaviour>> = {
  'reads nothing': { window: 0, act: (session) => void ask(session) },
  'reads a little at a time': { window: 16, act: (session) => void ask(session).resume() },
  'cancels at once': { act: (session) => ask(session).close(CANCEL) },
  'cancels in the middle of the answer': {
    act: (session) => {
      const stream = ask(session);
      stream.once('response', () => stream.close(CANCEL));
    },
  },
  'resets at once': {
    act: (session) => {
      ask(session);
      setImmediate(() => session.tcp.resetAndDestroy());
    },
  },
  'resets in the middle of the answer': {
    act: (session) => void ask(session).once('response', () => session.tcp.resetAndDestroy()),
  },
  'has nothing more to say': { act: (session) => void ask(session).end() },
  'ends in the middle of the request': { act: (session) => void ask(session, 0.5).end() },
  'never ends the request': { act: (session) => void ask(session, 0.5) },
  'goes away': {
    act: (session) => {
      ask(session);
      session.session.goaway();
    },
  },
  'asks twenty times at once and reads nothing': {
    window: 0,
    act: (session) => {
      for (let count = 0; count < times; count++) ask(session);
    },
  },
  'asks twenty times at once and cancels all': {
    act: (session) => {
      for (let count = 0; count < times; count++) {
        const stream = ask(session);
        stream.once('response', () => stream.close(CANCEL));
      }
    },
  },
  'asks twenty times at once and resets': {
    act: (session) => {
      for (let count = 0; count < times; count++) ask(session);
      setImmediate(() => session.tcp.resetAndDestroy());
    },
  },
};

async function behaveByHttp2(asked: Asked, { window = 65_535, act }: Behaviour): Promise<Socket> {
  const { tcp, tls } = await openTls('h2');
  const session = connectHttp2(`https://127.0.0.1:${haproxy.port}`, {
    createConnection: () => tls,
    settings: { initialWindowSize: window },
  });
  session.on('error', () => undefined);
  // It says whether there are WebSockets.
  if (!session.remoteSettings.enableConnectProtocol) await once(session, 'remoteSettings');
  act({ session, tcp, asked });
  return tcp;
}

/** Everybody behaves as they do, on every route; resolves when all have been let in, with what lets them go. */
async function allBehave(asked: readonly Asked[]): Promise<() => void> {
  const sockets: Socket[] = [];
  for (const one of asked) {
    const byPlain = Object.values(BEHAVIOURS).map(async (behave) => {
      const tcp = await openPlain();
      behave({ stream: tcp, tcp }, asText(one));
      return tcp;
    });
    const byHttp1 = Object.values(BEHAVIOURS).map(async (behave) => {
      const { tcp, tls } = await openTls('http/1.1');
      behave({ stream: tls, tcp }, asText(one));
      return tcp;
    });
    const byHttp2 = Object.values(HTTP2).map((behaviour) => behaveByHttp2(one, behaviour));
    sockets.push(...(await Promise.all([...byPlain, ...byHttp1, ...byHttp2])));
  }
  return () => {
    // Like those whose device is gone: HAProxy does not wait for what they might still say.
    for (const socket of sockets) if (!socket.destroyed) socket.resetAndDestroy();
  };
}

/** How long commands in the healthy rooms take while something else is done; every one is acknowledged. */
async function othersStaySteady<T>(during: () => Promise<T>): Promise<T> {
  const took: number[] = [];
  let over = false;
  const rooms = healthy.map(async (player) => {
    do {
      const startedAt = performance.now();
      expect(await player.ask({ type: 'swap_seats', seat: null })).toMatchObject({ type: 'ack' });
      took.push(performance.now() - startedAt);
    } while (!over);
  });
  const [done] = await Promise.all([
    during().finally(() => {
      over = true;
    }),
    ...rooms,
  ]);
  expect(
    quantile(
      took.toSorted((one, other) => one - other),
      0.99,
    ),
  ).toBeLessThan(STEADY_MS);
  return done;
}

/** The room is played, by whom it should be, without any of those who have left. */
async function isPlayedBy(room: string, { clientId, token }: Player): Promise<void> {
  const back = await joined(room, { client_id: clientId, token });
  await until(
    'nobody else is there',
    () => {
      const told = back.frames.findLast((frame) => frame.type === 'presence' || frame.type === 'welcome');
      if (told?.type === 'welcome') return told.presence.spectators === 0;
      return told?.type === 'presence' && told.spectators === 0;
    },
    GONE_MS,
  );
  expect(await back.ask({ type: 'swap_seats', seat: null })).toMatchObject({ type: 'ack' });
  await back.drop();
}

test('in a room that is played, on the instance of the others', async () => {
  const { room, player } = await roomOn(home);
  const letGo = await othersStaySteady(() => allBehave(requestsTo(room, player.token)));
  letGo();
  await isPlayedBy(room, player);
});

test('in a room that closes', async () => {
  const instance = await added({ HOKM_IDLE_ROOM_MS: String(IDLE_MS) });
  const { room, player } = await roomOn(instance);
  const asked = requestsTo(room, player.token);
  await othersStaySteady(async () => {
    (await allBehave(asked))();
    await player.drop();
    const here = `http://127.0.0.1:${instance.port}/api/room?room_code=${room}`;
    await until(
      'it is closed',
      async () => {
        (await allBehave(asked.slice(0, 1)))();
        const answer = (await (await fetch(here)).json()) as { view?: { status: string } };
        return answer.view?.status === 'closed';
      },
      30_000,
    );
    (await allBehave(asked))();
  });
  // It would close the rooms of the tests that follow.
  const ended = once(instance.process, 'exit');
  instance.process.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('while Redis is away', async () => {
  const { room, player } = await roomOn(home);
  cluster.redis.process.kill('SIGSTOP');
  const letGo = await allBehave(requestsTo(room, player.token)).finally(() => cluster.redis.process.kill('SIGCONT'));
  letGo();
  await othersStaySteady(() => isPlayedBy(room, player));
});

test('in a room that moves, and in one whose instance dies', async () => {
  const [moving, dying] = [await added(), await added()];
  const [moved, lost] = [await roomOn(moving), await roomOn(dying)];
  const ended = once(moving.process, 'exit');
  const letGo = await othersStaySteady(async () => {
    const behaving = allBehave(requestsTo(moved.room, moved.player.token));
    moving.process.kill('SIGTERM');
    return behaving;
  });
  // An error that nobody catches would make it 1.
  expect(await ended).toEqual([0, null]);
  letGo();
  await isPlayedBy(moved.room, moved.player);

  const letThemGo = await othersStaySteady(async () => {
    const behaving = allBehave(requestsTo(lost.room, lost.player.token));
    dying.process.kill('SIGKILL');
    return behaving;
  });
  letThemGo();
  await isPlayedBy(lost.room, lost.player);
});

test('the instance of the healthy rooms is still the same process', async () => {
  expect(runs(home)).toBe(true);
  expect((await fetch(`http://127.0.0.1:${home.port}/livez`)).status).toBe(200);
});
