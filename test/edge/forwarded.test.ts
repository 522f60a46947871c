/** An owner freezes to which another instance passes players on: their sockets stay open, and nothing comes over them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { Player } from './player.js';

const NOTICED_MS = 5_000;

let cluster: TestCluster;
/** Through whom the players come, whose rooms are at `frozen`, and whose are at `healthy`. */
let [door, frozen, healthy]: TestInstance[] = [];
beforeAll(async () => {
  cluster = await startCluster(3);
  [door, frozen, healthy] = cluster.instances;
});
afterAll(() => cluster.stop());

const baseOf = (instance: TestInstance | undefined) => `http://127.0.0.1:${instance?.port}`;

/** A room whose first player has joined at `owner`; it is that instance's. */
async function roomAt(owner: TestInstance | undefined): Promise<string> {
  const room = await createRoom(baseOf(owner), { turn_ms: 600_000 });
  await Player.join(owner?.url ?? '', room, { name: 'At home' });
  return room;
}

/** Those who come through another instance than the room's owner, and wait for others. */
async function comeThroughDoor(room: string) {
  const player = await Player.join(door?.url ?? '', room, { name: 'Waits' });
  const spectator = await Player.join(door?.url ?? '', room, { spectate: true });
  const stream = await fetch(`${baseOf(door)}/api/room/events?room_code=${room}`, {
    headers: { accept: 'text/event-stream' },
  });
  const follower = { ended: false };
  void stream.body
    ?.pipeTo(new WritableStream())
    .catch(() => undefined)
    .then(() => {
      follower.ended = true;
    });
  return { player, spectator, follower };
}

test('sockets and event streams that are passed on to an instance that freezes end within 5 s; others stay', async () => {
  const [lost, kept] = [await roomAt(frozen), await roomAt(healthy)];
  const cut = await comeThroughDoor(lost);
  const undisturbed = await comeThroughDoor(kept);

  frozen?.process.kill('SIGSTOP');
  const ended = ({ player, spectator, follower }: typeof cut) => [
    player.closed !== undefined,
    spectator.closed !== undefined,
    follower.ended,
  ];
  await until('all that was passed on has ended', () => !ended(cut).includes(false), NOTICED_MS);
  expect(ended(undisturbed)).toEqual([false, false, false]);
  const back = await Player.join(door?.url ?? '', lost, {
    client_id: cut.player.clientId,
    token: cut.player.token,
    resume: cut.player.cursor,
  });
  expect(back.frames[0]).toMatchObject({ type: 'welcome', resumed: true, seat: cut.player.seat });
  expect((await cut.player.end()).code).toBe(1006);
});
