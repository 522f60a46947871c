import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askSupervisor } from '../../deploy/local/control-protocol.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { type ClusterAccess, reachCluster } from '../../deploy/ops/cluster-access.js';
import { Inspector } from '../../deploy/ops/inspect.js';
import { describeRoom, describeRooms, duration, epochsOf, type RoomReport } from '../../deploy/ops/room-report.js';
import { openNodeSocket } from '../../src/client/node.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Entry } from '../../src/room/state.js';
import { RecentErrors } from '../../src/runtime/recent-errors.js';
import { type Launcher, launcher, REAL, started } from '../deploy/running-cluster.js';
import { createRoom } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, seatBots } from '../support/players.js';
import { end, spawnOwned, temporaryFolder, until } from '../support/programs.js';

const TOOL = fileURLToPath(new URL('../../deploy/ops/room.js', import.meta.url));

describe('of a running cluster', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let data: string;
  let running: Launcher;
  let facts: ClusterFacts;
  let access: ClusterAccess;
  let played: BotTable;
  let stored: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    data = join(folder.path, 'data');
    running = launcher(data, ['--instances', '2'], { LOG_LEVEL: 'warn' }, REAL);
    facts = await started(running);
    access = await reachCluster(data, {});
    const base = facts.player_url.slice(0, -1);
    const room = await createRoom(base, { durability: 'async' });
    stored = await createRoom(base);
    const socket = (url: string) => openNodeSocket(`${facts.ws_url.replace(/\?.*/, '')}${new URL(url).search}`);
    played = seatBots(room, socket, 200);
  });
  afterAll(async () => {
    for (const table of played.tables) table.close();
    access.redis.disconnect();
    await end(running.process, 'SIGTERM');
    await folder.remove();
  });

  const explain = (code: string) => new Inspector(access).explain(code as RoomCode);
  const run = async (...args: string[]) => {
    const child = spawnOwned(process.execPath, [TOOL, ...args, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = ['', ''];
    for (const [at, stream] of [child.stdout, child.stderr].entries()) {
      stream?.on('data', (text) => {
        said[at] += String(text);
      });
    }
    const [status] = await once(child, 'close');
    return { status, stdout: said[0] ?? '', stderr: said[1] };
  };

  test('explains who plays a room, where its players go, and what has become of it after a move', async () => {
    const before = await until('all sit, and HAProxy pins the room', async () => {
      const report = await explain(played.room);
      return report?.connections === 4 && report.status === 'playing' && report.pin?.number != null && report;
    });
    if (!before) throw new Error('no report');
    const id = before.owner?.id ?? '';
    expect(facts.instances.map((instance) => instance.id)).toContain(id);
    expect(before).toMatchObject({
      room: played.room,
      game: 'hokm@1',
      durability: 'async',
      epoch: 1,
      owner: { id, registered: 'ready', process: 'alive', indexed: true },
      frozen: false,
      ttl_ms: null,
      pin: { instance: id },
      problems: [],
      errors: [],
    });
    expect(before.seats).toEqual(
      expect.arrayContaining(
        [0, 1, 2, 3].map((at) => ({ name: `Bot ${at}`, bot: false, substituted: false, connected: true })),
      ),
    );
    expect(before.epochs).toEqual([{ epoch: 1, seq: 1, at: expect.any(Number) }]);
    expect(before.log).toEqual({ entries: before.seq, first_seq: 1, snapshot_seq: 0 });
    expect(before.now - (before.last_commit_at ?? 0)).toBeLessThan(5_000);

    await askSupervisor(facts.control_socket, { request: 'stop-instance', id });
    const after = await until('it is played on elsewhere', async () => {
      const report = await explain(played.room);
      return report && report.epochs.length === 2 && report.pin?.instance === report.owner?.id && report;
    });
    if (!after) throw new Error('no report');
    expect(after.owner?.id).not.toBe(id);
    expect(after.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(after.epochs[1]?.seq).toBeGreaterThanOrEqual(before.seq);
    expect(after.problems).toEqual([]);
  });

  test('explains a room that nobody owns, and lists both', async () => {
    expect(await explain(stored)).toMatchObject({
      owner: null,
      epoch: 0,
      status: 'lobby, stored',
      connections: null,
      last_commit_at: null,
      seats: [null, null, null, null],
      epochs: [],
    });
    const { rooms, complete } = await new Inspector(access).list();
    expect(complete).toBe(true);
    expect(rooms.map(({ room, status, players }) => ({ room, status, players }))).toEqual(
      [
        { room: played.room, status: 'playing', players: 4 },
        { room: stored, status: 'lobby, stored', players: 0 },
      ].sort((a, b) => (a.room < b.room ? -1 : 1)),
    );
  });

  test('tells of a room that does not fit together', async () => {
    const meta = KEYS.roomMeta(played.room);
    const room = played.room as RoomCode;
    const owner = (await explain(room))?.owner?.id;
    await access.redis.srem(KEYS.roomsOf(owner), room);
    expect((await explain(room))?.problems).toEqual([
      `${room} is missing in the index of ${owner}: nobody would find it as an orphan.`,
    ]);
    await access.redis.sadd(KEYS.roomsOf(owner), room);
    // Somebody meddles: the owner is fenced out, and says so.
    await access.redis.hset(meta, 'epoch', '99', 'digest', 'f'.repeat(16));
    const report = await until('the owner has lost it', async () => {
      const seen = await explain(room);
      return seen && seen.errors.length > 0 && seen;
    });
    if (!report) throw new Error('no report');
    expect(report.errors[0]).toMatchObject({ instance: owner, text: 'room lost to another owner' });
    expect(report.problems[0]).toMatch(/^What is stored does not add up: the log ends at \d+ /);
  });

  test('the command line: text or JSON, and one line for what cannot be', async () => {
    const [shown, listed, ...refused] = await Promise.all([
      run('explain', stored.toLowerCase()),
      run('list', '--json'),
      run('explain', 'no code'),
      run('explain', '00000000'),
      run(),
    ]);
    expect([shown.status, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(new RegExp(`^Room {9}${stored}, hokm@1, lobby, stored, made `));
    expect(JSON.parse(listed.stdout)).toMatchObject({ schema: 'hokm/rooms@1', complete: true, rooms: [{}, {}] });
    expect(refused.map(({ status, stderr }) => [status, stderr])).toEqual([
      [1, '"no code" is no room code.\n'],
      [1, 'There is no room 00000000.\n'],
      [1, 'Which command? explain CODE, list or retry CODE.\n'],
    ]);
  });
});

const report: RoomReport = {
  room: 'K3Q9TZ2M',
  game: 'hokm@1',
  status: 'playing',
  durability: 'primary',
  now: 1_000_000,
  created_at: 400_000,
  owner: { id: 'game-B', address: '10.0.0.2:4000', registered: 'ready', process: 'alive', indexed: true },
  epoch: 3,
  seq: 90,
  digest: '0123456789abcdef',
  last_commit_at: 998_800,
  alive_at: 998_800,
  epochs: [
    { epoch: 1, seq: 12, at: 500_000 },
    { epoch: 3, seq: 80, at: 990_000 },
  ],
  log: { entries: 79, first_seq: 12, snapshot_seq: 64 },
  ttl_ms: null,
  seats: [
    { name: 'Sara\u001b[2J', bot: false, substituted: false, connected: true },
    { name: 'Ali', bot: false, substituted: true, connected: false },
    { name: 'Robot', bot: true, substituted: false, connected: null },
    null,
  ],
  connections: 1,
  frozen: true,
  pin: { number: 7, instance: 'game-A' },
  problems: ['HAProxy pins it to game-A, not to its owner: a forward each time.'],
  errors: [{ instance: 'game-B', at: 940_000, text: 'commit without an answer: timeout' }],
};

test('a report for people', () => {
  expect(describeRoom(report)).toBe(
    [
      'Room         K3Q9TZ2M, hokm@1, playing, made 10 min ago',
      'Owner        game-B at 10.0.0.2:4000: registered as ready, its port answers',
      'Position     epoch 3, seq 90, digest 0123456789abcdef',
      'Durability   primary: acknowledged when Redis has it',
      'Last commit  1.2 s ago',
      'Log          79 entries from seq 12; snapshot at seq 64',
      'Sockets      1, FROZEN: Redis does not confirm',
      'HAProxy      pins it to game-A',
      'Seats',
      '  0  "Sara\\u001b[2J"  player, connected',
      '  1  "Ali"  player, a bot plays on, not connected',
      '  2  "Robot"  bot',
      '  3  empty',
      'Epochs in the log (each later one a move or a takeover)',
      '    1  seq 12 or before, 8 min ago',
      '    3  from seq 80, 10.0 s ago',
      'Does not fit together',
      '  HAProxy pins it to game-A, not to its owner: a forward each time.',
      'Recent errors',
      '    60.0 s ago  game-B  commit without an answer: timeout',
      '',
    ].join('\n'),
  );
  const stored = { ...report, owner: null, connections: null, frozen: null, pin: null, ttl_ms: 3_600_000 * 5 };
  const text = describeRoom({ ...stored, last_commit_at: null, epochs: [], errors: [], problems: [] });
  expect(text).toContain('Owner        nobody: whoever is asked for the room first claims it');
  expect(text).toContain('Forgotten in 5.0 h');
  expect(text).toContain('Last commit  none yet');
  expect(describeRoom({ ...report, epoch: 4 })).toContain('3  from seq 80, 10.0 s ago\n    4  nothing written yet\n');
});

test('a list for people', () => {
  const rooms = [
    { room: 'AAAAAAAA', owner: 'game-B', epoch: 2, seq: 1234, status: 'playing', players: 4 },
    { room: 'BBBBBBBB', owner: null, epoch: 0, seq: 0, status: 'lobby, stored', players: null },
  ];
  expect(describeRooms(rooms, false)).toBe(
    [
      'ROOM      OWNER   EPOCH  SEQ   PLAYERS  STATUS',
      'AAAAAAAA  game-B  2      1234  4        playing',
      'BBBBBBBB  -       0      0     ?        lobby, stored',
      '2 room(s)',
      'Rooms that nobody owns are not listed: this Redis user may not SCAN.',
      '',
    ].join('\n'),
  );
});

test('epochs begin where their number changes', () => {
  const entries = [1, 1, 2, 2, 5].map((epoch, at) => ({ seq: at + 7, entry: { epoch, at: at * 10 } as Entry }));
  expect(epochsOf(entries)).toEqual([
    { epoch: 1, seq: 7, at: 0 },
    { epoch: 2, seq: 9, at: 20 },
    { epoch: 5, seq: 11, at: 40 },
  ]);
  expect(['-5', '1500', '240000', '9000000', '400000000'].map((ms) => duration(Number(ms)))).toEqual([
    '0.0 s',
    '1.5 s',
    '4 min',
    '2.5 h',
    '5 d',
  ]);
});

test('the last errors of a room: bounded in number, length and rooms', () => {
  let now = 0;
  const errors = new RecentErrors({ now: () => now });
  for (now = 1; now <= 12; now++) errors.take({ room: 'A', err: new Error(`no ${now}`) }, 'commit');
  errors.take({ dead: 'game-1' }, 'about no room');
  errors.take('text', 'about nothing');
  expect(errors.of('A').map(({ at }) => at)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(errors.of('A').at(-1)?.text).toBe('commit: no 12');
  errors.take({ room: 'A' }, 'x'.repeat(10_000));
  expect(errors.of('A').at(-1)?.text).toHaveLength(200);
  for (let at = 0; at < 500; at++) errors.take({ room: `R${at}`, err: 'text' }, 'm');
  expect(errors.of('A')).toEqual([]);
  expect(errors.of('R499')).toEqual([{ at: now, text: 'm: text' }]);
});
