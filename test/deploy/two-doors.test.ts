/** `npm start -- --tls --haproxies 2`, with the real programs: two doors to one cluster, and the tools for them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { joinTable } from '../../src/client/node.js';
import type { OpenSocket, SocketLike } from '../../src/client/socket.js';
import type { Table } from '../../src/client/table.js';
import { createRoom } from '../support/cluster.js';
import { end, spawnOwned, temporaryFolder, until } from '../support/programs.js';
import { keptFacts, type Launcher, launcher, REAL, started } from './running-cluster.js';

const TOOL = fileURLToPath(new URL('../../deploy/ops/haproxy.js', import.meta.url));
const ROOMS = 50;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
let running: Launcher;
let facts: ClusterFacts;
const tables: Table[] = [];
/** Sockets that were open and have ended. */
let dropped = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
  running = launcher(data, ['--tls', '--haproxies', '2', '--http-port', '0'], {}, REAL);
  facts = await started(running);
});
afterAll(async () => {
  for (const table of tables) table.close();
  await end(running.process, 'SIGTERM');
  await folder.remove();
});

async function tool(...args: string[]) {
  const child = spawnOwned(process.execPath, [TOOL, ...args, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (text) => {
      said[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...said };
}

/** Players through each door in turn, who know both. */
async function sitDown(): Promise<void> {
  const ca = readFileSync(facts.certificate ?? '', 'utf8');
  const openSocket: OpenSocket = (url) => {
    const socket = new WebSocket(url, { ca, perMessageDeflate: false });
    socket.once('open', () => socket.once('close', () => dropped++));
    return socket as unknown as SocketLike;
  };
  const doors = facts.haproxies.map(({ ws_url }) => ws_url.replace(/\?.*/, ''));
  const [first = '', second = ''] = doors;
  for (let at = 0; at < ROOMS; at++) {
    const room = await createRoom(`http://127.0.0.1:${facts.instances[at % 2]?.port}`);
    for (const url of [
      [first, second],
      [second, first],
      [first, second],
      [second, first],
    ]) {
      tables.push(joinTable({ url, room, openSocket }));
    }
  }
  await allWelcome();
}

/** Each at a place of its own: their four are at one instance. */
async function allWelcome(): Promise<void> {
  await until('all are at their tables', () => tables.every(({ state }) => state.connection === 'open'), 20_000);
  for (let at = 0; at < tables.length; at += 4) {
    const four = tables.slice(at, at + 4).map(({ state }) => state);
    expect(new Set(four.map(({ room }) => room)).size).toBe(1);
    expect(four.map(({ seat }) => seat).sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(four.map(({ cursor }) => cursor?.epoch)).size).toBe(1);
  }
}

test('says where both are', () => {
  expect(facts.player_urls).toEqual(facts.haproxies.map(({ player_url }) => player_url));
  expect([facts.player_url, facts.ws_url]).toEqual([facts.player_urls[0], facts.haproxies[0]?.ws_url]);
  for (const { player_url, ws_url, http_url } of facts.haproxies) {
    expect([player_url, ws_url, http_url]).toEqual([
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/$/),
      expect.stringMatching(/^wss:\/\/127\.0\.0\.1:\d+\/ws\?room_code=CODE$/),
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
    ]);
  }
  expect(facts.pids).toMatchObject(facts.haproxies[0]?.pids ?? {});
});

test('players of a room come in through both, to one instance', sitDown);

test('the tool shows both', async () => {
  const one = (name: string) =>
    `${name}: HAProxy worker \\S+/\\d+@\\d+, up \\d+ s: \\d+ connections, 2 servers, ${ROOMS} pinned rooms`;
  const both = new RegExp(`^${one('haproxy')}\n[^]*\n${one('haproxy-2')}\n`);
  // Pins come with the rooms, weights follow their load.
  const shown = await until('all pins are there, and nothing differs', async () => {
    const { code, stdout } = await tool('show');
    expect(code).toBe(0);
    return both.test(stdout) && stdout.match(/^Equal to Redis\.$/gm)?.length === 2 && stdout;
  });
  expect(String(shown).match(/^Controller haproxy-\w+: last reconcile [\d.]+ s ago$/gm)).toHaveLength(2);
});

test('a reload drops no socket; one too soon after the start waits', async () => {
  const before = dropped;
  const { code, stdout, stderr } = await tool('reload', '--json');
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^(haproxy(-2)? started \d s ago; .*: waiting for \d s …\n)*$/),
  ]);
  const done = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; kept: number });
  expect(done.map(({ name }) => name)).toEqual(['haproxy', 'haproxy-2']);
  for (const { kept } of done) expect(kept).toBeGreaterThanOrEqual(tables.length / 2);
  expect(dropped - before).toBe(0);
  expect(tables.map(({ state }) => state.connection)).toEqual(tables.map(() => 'open'));
  const { haproxies } = JSON.parse((await tool('show', '--json')).stdout) as { haproxies: { pins: number }[] };
  expect(haproxies.map(({ pins }) => pins)).toEqual([ROOMS, ROOMS]);
});

test('kill -9 of one: its players go on through the other, and it comes back', async () => {
  const [victim] = facts.haproxies;
  const pid = victim?.pids.haproxy ?? 0;
  const before = dropped;
  process.kill(-pid, 'SIGKILL');
  await until('its sockets end', () => dropped - before >= tables.length / 2);
  await allWelcome();
  expect(dropped - before).toBe(tables.length / 2);
  const back = await until('it is started again', () => {
    const next = keptFacts(data).haproxies[0]?.pids.haproxy ?? pid;
    return next !== pid && next;
  });
  expect(running.stderr()).toContain(`HAProxy (process ${pid}) ended: SIGKILL`);
  await until('it has its servers and pins', async () => {
    const { haproxies } = JSON.parse((await tool('show', '--json')).stdout) as { haproxies: { pins?: number }[] };
    return haproxies[0]?.pins === ROOMS;
  });
  expect(back).not.toBe(pid);
}, 60_000);
