/** What HAProxy's processor time for a move is, with this configuration and with a bare one of one static server. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { newRoomCode } from '../../src/cluster/new-ids.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { end, freePort, spawnOwned, temporaryFolder, until } from '../support/programs.js';
import { ask, startHAProxy, type TestHAProxy } from './support.js';

export interface CostOptions {
  readonly rooms: number;
  /** A move: one message of a player in, one to each of the room's four out. */
  readonly movesPerRound: number;
  readonly rounds: number;
}

export interface Cost {
  /** Median over all rounds, µs of HAProxy's processor time a move. */
  readonly ours_us: number;
  readonly bare_us: number;
  readonly ratio: number;
}

const SEATS = 4;
const MOVE = 'm'.repeat(200);
const TABLES = fileURLToPath(new URL('message-tables.js', import.meta.url));

/** One HAProxy with the same players behind it. */
interface Side {
  readonly workerPid: number;
  readonly rooms: readonly (readonly WebSocket[])[];
  readonly costs: number[];
}

export async function measureCost(options: CostOptions): Promise<Cost> {
  const folder = await temporaryFolder();
  const tables = await startTables();
  const ours = await startHAProxy();
  const bare = await startBare(folder.path, tables.port);
  try {
    await ours.api.add({
      name: 'tables' as InstanceId,
      number: 1,
      address: '127.0.0.1',
      port: tables.port,
      weight: 128,
    });
    await ours.api.setState('tables' as InstanceId, 'ready');
    const sides = {
      ours: await enterRooms(ours.port, (await ours.api.info()).pid, options.rooms, ours),
      bare: await enterRooms(bare.port, await workerOf(bare.process), options.rooms),
    };
    for (let round = 0; round <= options.rounds; round++) {
      // In turn, so that what else the machine does hits both; the first round only warms up.
      for (const side of round % 2 ? [sides.ours, sides.bare] : [sides.bare, sides.ours]) {
        const cost = await play(side, options.movesPerRound);
        if (round > 0) side.costs.push(cost);
      }
    }
    for (const { rooms } of Object.values(sides))
      for (const sockets of rooms) for (const one of sockets) one.terminate();
    const [ours_us, bare_us] = [median(sides.ours.costs), median(sides.bare.costs)];
    return { ours_us, bare_us, ratio: Math.round((ours_us / bare_us) * 1_000) / 1_000 };
  } finally {
    await Promise.all([ours.stop(), end(bare.process, 'SIGTERM'), end(tables.process)]);
    await folder.remove();
  }
}

/** In a process of its own: its work must not keep this one from asking. */
async function startTables(): Promise<{ process: ChildProcess; port: number }> {
  const child = fork(TABLES);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', () => reject(new Error('the tables do not start')));
  });
  return { process: child, port };
}

async function startBare(folder: string, serverPort: number): Promise<{ process: ChildProcess; port: number }> {
  const port = await freePort();
  const file = join(folder, 'bare.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 75s
  timeout server 75s
  timeout tunnel 75s
frontend players
  bind 127.0.0.1:${port}
  default_backend game
backend game
  server tables 127.0.0.1:${serverPort}
`,
  );
  const child = spawnOwned('haproxy', ['-W', '-db', '-f', file]);
  await until('the bare one answers', () => ask(port, '/').then(Boolean, () => false));
  return { process: child, port };
}

async function workerOf({ pid }: ChildProcess): Promise<number> {
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  await until('its worker is there', () => children() !== '');
  return Number(children().split(' ')[0]);
}

async function enterRooms(port: number, workerPid: number, count: number, pinned?: TestHAProxy): Promise<Side> {
  const rooms: WebSocket[][] = [];
  for (let at = 0; at < count; at++) {
    const room = newRoomCode();
    await pinned?.api.setPins([[room, 1]]);
    rooms.push(
      await Promise.all(Array.from({ length: SEATS }, () => enter(`ws://127.0.0.1:${port}/ws?room_code=${room}`))),
    );
  }
  return { workerPid, rooms, costs: [] };
}

function enter(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** All rooms at a time, each move after the last one has come to all four; µs of the worker a move. */
async function play({ workerPid, rooms }: Side, moves: number): Promise<number> {
  const before = ranNs(workerPid);
  const each = Math.ceil(moves / rooms.length);
  await Promise.all(
    rooms.map(
      (sockets) =>
        new Promise<void>((resolve) => {
          let [left, heard] = [each, 0];
          const next = () => sockets[left % SEATS]?.send(MOVE);
          for (const socket of sockets) {
            socket.removeAllListeners('message');
            socket.on('message', () => {
              heard += 1;
              if (heard < SEATS) return;
              heard = 0;
              left -= 1;
              if (left === 0) resolve();
              else next();
            });
          }
          next();
        }),
    ),
  );
  return (ranNs(workerPid) - before) / 1_000 / (each * rooms.length);
}

const ranNs = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 100) / 100;
}
