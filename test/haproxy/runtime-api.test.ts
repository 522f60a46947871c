import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { HAProxyUnavailable, parsePins, parseServers, RuntimeApi, UnexpectedReply } from '../../haproxy/runtime-api.js';
import type { InstanceId, RoomCode } from '../../src/protocol/ids.js';
import { temporaryFolder } from '../support/programs.js';

const HEADER =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr ' +
  'srv_agent_addr srv_agent_port';
const line = (op: number, admin: number, check: number) =>
  `8 game 7 game-A 127.0.0.1 ${op} ${admin} 64 128 0 1 0 1 ${check} 0 0 1 - 5001 - 0 0 - - 0`;

describe('show servers state', () => {
  test.each([
    ['just added', 0, 1, 2, { state: 'maint', up: false, checked: false }],
    ['ready', 2, 0, 6, { state: 'ready', up: true, checked: true }],
    ['draining', 2, 8, 6, { state: 'drain', up: true, checked: true }],
    ['in maintenance out of drain', 0, 9, 14, { state: 'maint', up: false, checked: true }],
    ['down', 0, 0, 6, { state: 'ready', up: false, checked: true }],
    ['up, health says 404', 3, 0, 7, { state: 'ready', up: true, checked: true }],
  ])('%s', (_, op, admin, check, expected) => {
    expect(parseServers(`1\n${HEADER}\n${line(op, admin, check)}\n\n`)).toEqual([
      { name: 'game-A', number: 7, address: '127.0.0.1:5001', weight: 64, ...expected },
    ]);
  });

  test('no servers', () => {
    expect(parseServers(`1\n${HEADER}\n\n`)).toEqual([]);
  });

  test.each([
    ['another version', `2\n${HEADER}\n\n`],
    ['a missing column', `1\n${HEADER.replace(' srv_check_state', '')}\n\n`],
    ['a line cut short', `1\n${HEADER}\n8 game 7 game-A 127.0.0.1 0`],
    ['no number', `1\n${HEADER}\n${line(0, 0, 0).replace(' 7 ', ' x ')}\n\n`],
    ['an error', "Can't find backend.\n\n"],
  ])('%s is an error', (_, reply) => {
    expect(() => parseServers(reply)).toThrow(UnexpectedReply);
  });
});

describe('show table', () => {
  const TABLE = '# table: pins, type: string, size:1048576, used:2\n';

  test('pins by room', () => {
    const lines = ['7KQ2M9XZ use=0 exp=0 server_id=7 server_key=-', '00000000 use=1 exp=0 server_id=12 server_key=-'];
    const reply = `${TABLE}${lines.map((entry) => `0x55df1e4b8380: key=${entry}\n`).join('')}\n`;
    expect([...parsePins(reply)]).toEqual([
      ['7KQ2M9XZ', 7],
      ['00000000', 12],
    ]);
  });

  test.each([
    ['another table', '# table: learned, type: string, size:1, used:0\n\n'],
    ['a key that is no room', `${TABLE}0x5: key=nonsense use=0 exp=0 server_id=7\n\n`],
    ['no server', `${TABLE}0x5: key=7KQ2M9XZ use=0 exp=0\n\n`],
    ['an error', 'No such table\n\n'],
  ])('%s is an error', (_, reply) => {
    expect(() => parsePins(reply)).toThrow(UnexpectedReply);
  });
});

describe('replies', () => {
  const name = 'game-A' as InstanceId;
  const received: string[] = [];
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Server;
  let api: RuntimeApi;
  /** What the socket answers; undefined is silence. */
  let answer: (line: string) => string | undefined;

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const text = String(data).trimEnd();
        received.push(text);
        const reply = answer(text);
        if (reply !== undefined) socket.end(reply);
      });
    });
    const path = join(folder.path, 'fake.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    api = new RuntimeApi(path, 100);
  });
  afterEach(() => {
    received.length = 0;
  });
  afterAll(async () => {
    server.close();
    await folder.remove();
  });

  test('an IPv6 address is written in brackets', async () => {
    answer = () => 'New server registered.\n\n';
    await api.add({ name, number: 7, address: '::1', port: 4_000, weight: 64 });
    expect(received[0]).toMatch(/^add server game\/game-A \[::1\]:4000 id 7 weight 64 check inter 500ms /);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'add',
      () => api.add({ name, number: 7, address: '::1', port: 1, weight: 1 }),
      "'id' : custom id 7 already used\n\n",
    ],
    ['enable health', () => api.enableHealth(name), 'No such server.\n\n'],
    ['state', () => api.setState(name, 'drain'), 'No such server.\n\n'],
    ['weight', () => api.setWeight(name, 7), 'Require <weight> or <weight%>.\n\n'],
    ['shutdown sessions', () => api.shutdownSessions(name), 'Permission denied\n\n'],
    ['delete', () => api.delete(name), 'Only servers in maintenance mode can be deleted.\n\n'],
    ['clear', () => api.clearRoomsOf(7), 'No such table\n\n'],
    ['pins', () => api.setPins([['7KQ2M9XZ' as RoomCode, 7]]), 'Unknown command\n\n'],
    ['worker', () => api.worker(), 'Name: HAProxy\n\n'],
    ['servers', () => api.servers(), '\n'],
  ])('%s: another reply than "done" is an error', async (_, call, reply) => {
    answer = () => reply;
    await expect(call()).rejects.toThrow(UnexpectedReply);
  });

  test('one command refused among many is an error', async () => {
    const rooms = Array.from({ length: 250 }, (_, at) => String(at).padStart(8, '0') as RoomCode);
    answer = (text) => text.replaceAll(/[^;]+;?/g, '\n');
    await api.setPins(rooms.map((room) => [room, 7]));
    expect(received.map((text) => text.split(';').length)).toEqual([100, 100, 50]);
    answer = (text) => `Unknown command\n${text.replaceAll(/[^;]+;?/g, '\n')}`;
    await expect(api.clearPins(rooms)).rejects.toThrow(UnexpectedReply);
  });

  test('deleting while connections are attached is no error', async () => {
    answer = () => 'Server still has connections attached to it, cannot remove it.\n';
    expect(await api.delete(name)).toBe('busy');
    answer = () => 'Server deleted.\n';
    expect(await api.delete(name)).toBe('deleted');
  });

  test('silence, an empty answer and a missing socket are HAProxy being away', async () => {
    answer = () => undefined;
    await expect(api.worker()).rejects.toThrow(
      new HAProxyUnavailable(`HAProxy's admin socket ${join(folder.path, 'fake.sock')} was silent for 100 ms`),
    );
    answer = () => '';
    await expect(api.worker()).rejects.toThrow(/closed without an answer/);
    await expect(new RuntimeApi(join(folder.path, 'none')).worker()).rejects.toThrow(/ENOENT/);
  });
});
