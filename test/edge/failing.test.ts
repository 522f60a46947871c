// Holds I9 of src/README.md.
/** An instance in which an error is caught by nobody hands its rooms over and ends with an error. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { Player } from './player.js';

let cluster: TestCluster;
let other: TestInstance;

beforeAll(async () => {
  cluster = await startCluster(1);
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  other = only;
});
afterAll(() => cluster.stop());

const preload = new URL('preload-failing.js', import.meta.url).href;

test.each(['exception', 'promise'])(
  'an %s that nobody catches: rooms move, nothing is lost, exit code 1',
  async (fails) => {
    const failing = await cluster.add({ NODE_OPTIONS: `--import=${preload}`, FAILS: fails, LOG_LEVEL: 'silent' });
    const rooms = await Promise.all(Array.from({ length: 5 }, () => createRoom(`http://127.0.0.1:${failing.port}`)));
    const players = await Promise.all(rooms.map((room) => Player.join(failing.url, room)));
    const acks = await Promise.all(players.map((player) => player.ask({ type: 'add_bot', seat: 1 })));
    const ended = once(failing.process, 'exit');
    failing.process.kill('SIGUSR2');
    // What comes now is answered by whoever plays the room next, or not at all.
    for (const player of players)
      player.send({ type: 'command', id: '900-late', command: { type: 'add_bot', seat: 2 } });
    expect(await Promise.all(players.map((player) => player.end()))).toEqual(
      players.map(() => ({ code: 1012, reason: 'MOVED' })),
    );
    expect(await ended).toEqual([1, null]);
    for (const [at, player] of players.entries()) {
      const back = await Player.join(other.url, rooms[at] ?? '', { client_id: player.clientId, token: player.token });
      expect([acks[at], back.seat]).toEqual([expect.objectContaining({ type: 'ack', seq: 2 }), player.seat]);
      back.send({ type: 'command', id: '900-late', command: { type: 'add_bot', seat: 2 } });
      expect(await back.next('ack')).toMatchObject({ id: '900-late', seq: expect.any(Number) });
    }
  },
);
