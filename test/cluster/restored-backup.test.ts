// Holds I2 of src/README.md.
/**
 * An instance is frozen, another takes its room and acknowledges moves, Redis is restored from a backup that knows nothing of
 * that, and the former owner wakes: it finds a store that calls the room its own.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Inspector } from '../../deploy/ops/inspect.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { Player } from '../edge/player.js';
import { backUp } from '../support/backup.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { storedLog } from '../support/players.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';

const ADD = (seat: number) => ({ type: 'add_bot', seat });
const KICK = (seat: number) => ({ type: 'kick', seat });
/** Given to the former owner while it stands still: it is the first thing that it finds when it wakes. */
const LATE = { type: 'command', id: '50-late', command: ADD(3) };
/** A lease and more, for the room of a frozen owner to be taken. */
const TAKEN_MS = 20_000;

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster(2, { LOG_LEVEL: 'silent' });
  redis = await connectToRedis(cluster.redis.url);
});
afterEach(() => {
  for (const { process } of cluster.instances) process.kill('SIGCONT');
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const at = (place: number) => {
  const instance = cluster.instances[place];
  if (!instance) throw new Error('no such instance');
  return instance;
};
const freeze = (place: number) => at(place).process.kill('SIGSTOP');
const wake = (place: number) => at(place).process.kill('SIGCONT');
const ownerOf = (room: string) => redis.hget(KEYS.roomMeta(room), 'owner');
const inspector = () =>
  new Inspector({ redis, copies: 1, haproxySocket: undefined, local: undefined, opsToken: undefined });

/** Moves of one player that were acknowledged: the place of each in the log. */
class Acked {
  private readonly moves: { readonly id: string; readonly command: object; readonly seq: number }[] = [];

  async move(player: Player, command: object): Promise<void> {
    const id = player.nextId();
    const answer = await player.ask(command, id);
    if (answer.type !== 'ack') throw new Error(`refused: ${answer.code}`);
    this.moves.push({ id, command, seq: answer.seq });
  }

  /** Sends all again: whoever has lost one would do it now, or refuse it. */
  async expectAllKept(player: Player): Promise<void> {
    for (const { id, command, seq } of this.moves) {
      expect(await player.ask(command, id)).toMatchObject({ type: 'ack', seq });
    }
  }
}

async function seatSara(): Promise<{ room: string; sara: Player; acked: Acked }> {
  const room = await cluster.createRoom();
  const sara = await Player.join(at(0).url, room, { name: 'Sara' });
  expect(await ownerOf(room)).toBe(at(0).id);
  return { room, sara, acked: new Acked() };
}

/** Sara at the instance that has taken the room of the frozen one. */
async function follow(room: string, { token }: Player): Promise<Player> {
  await until('the room is taken', async () => (await ownerOf(room)) === at(1).id, TAKEN_MS);
  return Player.join(at(1).url, room, { token });
}

/** The present owner has the room, with all that it has acknowledged, and plays on; the former one has given it up. */
async function expectKept(room: string, former: Player, present: Player, acked: Acked): Promise<void> {
  await until('the former owner gives the room up', () => former.closed);
  expect(former.closed?.reason).toBe('MOVED');
  await until('the present owner has it', async () => (await ownerOf(room)) === at(1).id);
  await acked.move(present, KICK(2));
  await acked.expectAllKept(present);
  expect(present.closed).toBeUndefined();
  await until('all fits together', async () => {
    const report = await inspector().explain(room as RoomCode);
    return report?.problems.length === 0 && report.owner?.id === at(1).id;
  });
}

test('a former owner that wakes on a restored backup tells and writes nothing, and no acknowledged move is lost', async () => {
  const { room, sara, acked } = await seatSara();
  await acked.move(sara, ADD(1));
  const restore = await backUp(redis);
  const mark = async () => Number(await redis.get(KEYS.mark(at(0).id)));
  const before = await mark();
  await acked.move(sara, ADD(2));
  await until('its heartbeats have gone on', async () => (await mark()) > before + 1);
  freeze(0);
  sara.send(LATE);
  const present = await follow(room, sara);
  await acked.move(present, KICK(1));
  await acked.move(present, ADD(1));
  await restore();
  wake(0);
  await expectKept(room, sara, present, acked);
  expect(sara.frames.filter((frame) => frame.type === 'ack' && frame.id === LATE.id)).toEqual([]);
}, 60_000);

test('what the present owner has acknowledged stays, also where the former one writes before anybody can notice the loss', async () => {
  const { room, sara, acked } = await seatSara();
  await acked.move(sara, ADD(1));
  await acked.move(sara, ADD(2));
  freeze(0);
  const restore = await backUp(redis);
  sara.send(LATE);
  const present = await follow(room, sara);
  await acked.move(present, KICK(1));
  await acked.move(present, ADD(1));
  // Nobody is there to notice: to the one that wakes, Redis is as it was when it fell asleep.
  freeze(1);
  await restore();
  wake(0);
  const isWritten = async () => (await storedLog(redis, room)).some(({ entry }) => entry.by?.id === LATE.id);
  await until('the former owner writes', isWritten);
  wake(1);
  await expectKept(room, sara, present, acked);
}, 60_000);
