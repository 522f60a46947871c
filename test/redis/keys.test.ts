import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { redisConfig } from '../../src/config.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { allRoomMetas, type Keyspace, keyspaceOf, patternsOf, roomIn } from '../../src/redis/keys.js';
import { packageRoot } from '../../src/runtime/package-root.js';

const code = 'ABCD0000' as RoomCode;
const id = 'instance-1' as InstanceId;

/** The slot of a key as Redis Cluster's specification has it: CRC16 (XMODEM) of the hash tag, modulo 16384. */
function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  const tag = open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc % 16_384;
}

/** All names of a keyspace, keys and channels. */
function namesIn(part: object): string[] {
  return Object.entries(part).flatMap(([name, value]) => {
    if (name === 'prefix' || name === 'hashTag') return [];
    if (typeof value === 'function') return [String(value('0123abcd'))];
    return typeof value === 'object' ? namesIn(value) : [String(value)];
  });
}

test('the slot is that of the specification', () => {
  expect(slotOf('123456789')).toBe(12_739);
  expect(slotOf('{user1000}.following')).toBe(slotOf('user1000'));
  expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
});

const { autoscaler, ...keys }: Keyspace = keyspaceOf('hokm');
const room = [keys.roomMeta(code), keys.roomLog(code), keys.roomSnapshot(code)];
const ofRooms = (count: number) => [room.slice(0, count)];

/** What each script is given as KEYS; more than one row: each by itself. */
const SCRIPTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'claimRoom-3': ofRooms(3),
  'commitRoom-2': ofRooms(2),
  'confirmRoom-1': ofRooms(1),
  'createRoom-1': ofRooms(1),
  'releaseRoom-3': ofRooms(3),
  'restoreRoom-3': ofRooms(3),
  'retryRoom-1': ofRooms(1),
  'setAsideRoom-3': ofRooms(3),
  'snapshotRoom-3': ofRooms(3),
  'transferRoom-1': ofRooms(1),
  'heartbeat-3': [
    [keys.instance(id), keys.instances, keys.mark(id)],
    [keys.controller('haproxy-1'), keys.controllers, keys.mark('haproxy-1')],
  ],
  'noteSeats-N': [[keys.seat('a0'), keys.seat('a1'), keys.seat('a2')]],
  'fencedSet-2': [[autoscaler.fencing, autoscaler.state]],
  'lockTake-2': [[autoscaler.lock, autoscaler.fencing]],
  'lockRenew-1': [[autoscaler.lock]],
  'lockRelease-1': [[autoscaler.lock]],
  'takeTable-1': [[keys.tablesOf('0123abcd')]],
};

describe('all keys of one script fall into one slot of Redis Cluster', () => {
  test('no script is left out', () => {
    const files = readdirSync(new URL('src/redis/lua/', packageRoot)).map((file) => file.replace('.lua', ''));
    expect(Object.keys(SCRIPTS).toSorted()).toEqual(files.toSorted());
  });

  test.each(Object.entries(SCRIPTS))('%s', (name, rows) => {
    const count = name.split('-')[1];
    for (const row of rows) {
      if (count !== 'N') expect(row).toHaveLength(Number(count));
      expect(new Set(row.map(slotOf)).size).toBe(1);
      expect(new Set(row.map(keys.hashTag)).size).toBe(1);
    }
  });

  test('so do all keys of a room, of an instance, and of the registry, which transactions touch', () => {
    const together = [
      [...room, keys.publicRoom(code)],
      [keys.roomsOf(id), keys.inbox(id)],
      [keys.instance(id), keys.instances, keys.instanceNumber, keys.controllers],
    ];
    for (const row of together) expect(new Set(row.map(slotOf)).size).toBe(1);
    // Seats are spread over the nodes.
    expect(new Set([...'0123456789abcdef'].map((digit) => slotOf(keys.seat(digit)))).size).toBe(16);
  });
});

test('no two names are the same, and none of another prefix is reached by the patterns of a prefix', () => {
  const prefixes = ['hokm', 'hokm-b', 'h', 'hokm2', 'services', 'room'];
  const names = prefixes.map((prefix) => namesIn(keyspaceOf(prefix)));
  expect(names[0]?.length).toBeGreaterThan(25);
  expect(new Set(names.flat()).size).toBe(names.flat().length);
  for (const [at, prefix] of prefixes.entries()) {
    const begins = [...patternsOf(prefix).keys, ...patternsOf(prefix).channels].map((glob) => glob.replace(/\*$/, ''));
    const own = (name: string) => begins.some((begin) => name.startsWith(begin));
    for (const [other, list] of names.entries()) {
      expect([prefix, list.filter((name) => own(name) !== (other === at))]).toEqual([prefix, []]);
    }
  }
});

test('the code of a room is found in the name of its key', () => {
  const keyspace = keyspaceOf('hokm');
  expect(roomIn(keyspace.roomMeta(code))).toBe(code);
  expect(keyspace.roomMeta(code)).toMatch(new RegExp(`^${allRoomMetas(keyspace).replace('{*}', '\\{.*\\}')}$`));
});

describe('HOKM_PREFIX', () => {
  test('is hokm where none is given', () => {
    expect(redisConfig({}).HOKM_PREFIX).toBe('hokm');
    expect(redisConfig({ HOKM_PREFIX: 'staging-2' }).HOKM_PREFIX).toBe('staging-2');
  });

  test.each(['Hokm', 'a:b', '{a}', 'a*', '2a', 'a b', 'service', 'a'.repeat(33)])('cannot be %p', (HOKM_PREFIX) => {
    expect(() => redisConfig({ HOKM_PREFIX })).toThrow(/^The configuration is not usable: HOKM_PREFIX \(/);
  });
});
