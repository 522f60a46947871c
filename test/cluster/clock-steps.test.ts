// Holds I6 of src/README.md.
/** A room comes to an owner whose cluster time is another: Redis' clock has stepped since the owner before started. */
import { describe, expect, test } from '@jest/globals';
import { Ownership, type OwnershipDeps } from '../../src/cluster/ownership.js';
import type { RoomIndex } from '../../src/cluster/room-index.js';
import type { Mailbox } from '../../src/room/mailbox.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import { seedOf } from '../game/matches.js';
import { HOLD_MS, IDLE_MS, instance, log, ManualLease, newHead, Player, TURN_MS } from '../room/rooms.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const STARTED_AT = 1_700_000_000_000;
/** How far into its turn the table is when its owner dies, and how long nobody owns it then, ms. */
const PLAYED_MS = 4_000;
const GAP_MS = 1_500;

/** Clocks of two processes in which time passes alike. */
class Clocks {
  readonly before = new ManualClock(STARTED_AT);
  readonly after: ManualClock;

  constructor(stepMs: number) {
    this.after = new ManualClock(STARTED_AT + stepMs);
  }

  async pass(ms: number): Promise<void> {
    await this.before.advance(ms);
    await this.after.advance(ms);
  }
}

function owner(name: string, clock: ManualClock, store: MemoryRoomStore, lastSeen: () => number): Ownership {
  const done = async () => undefined;
  const index = { add: done, remove: done, lastSeen: async () => lastSeen() } as unknown as RoomIndex;
  const deps: OwnershipDeps = {
    id: instance(name),
    address: () => `${name}:1`,
    store,
    index,
    failedRooms: { mayTry: () => true, setAside: done },
    takeover: { judge: async () => 'gone', judgedGone: () => true },
    log,
    settled: done,
    lostLately: async () => false,
    storedTtlMs: 60_000,
    mailbox: {
      clock,
      lease: new ManualLease(),
      whenRestored: () => undefined,
      newSeed: () => seedOf(name),
      idleMs: IDLE_MS,
      logKeep: 1_000,
      closedTtlMs: 60_000,
      onSeatTaken: () => undefined,
      onSeatLeft: () => undefined,
    },
    askForRoom: done,
    onClaimed: () => undefined,
    onEnd: () => undefined,
  };
  return new Ownership(deps);
}

async function opened(ownership: Ownership): Promise<Mailbox> {
  const location = await ownership.open(newHead('ROOM0000').code);
  if (location.at !== 'here') throw new Error(`the room is ${location.at}`);
  return location.mailbox;
}

/** A table of which the first player has used 4 s of the turn; then its owner is gone for a while. */
async function orphan(stepMs: number) {
  const clocks = new Clocks(stepMs);
  // The store's clock is Redis': it has stepped.
  const store = new MemoryRoomStore(() => clocks.after.now());
  await store.create(newHead('ROOM0000', {}, { target_points: 7 }), 1e12);
  let lastSeen = 0;
  const first = await opened(owner('before', clocks.before, store, () => 0));
  const players = ['Ana', 'Bo', 'Cy', 'Di'].map((name) => new Player(() => first, name));
  for (const one of players) {
    one.hello();
    await settled();
  }
  const [player] = players;
  if (!player) throw new Error('nobody is here');
  player.command({ type: 'start' });
  await settled();
  const deadline = player.of('event').at(-1)?.deadline ?? 0;
  await clocks.before.advance(0);
  await clocks.pass(PLAYED_MS);
  lastSeen = clocks.before.now();
  return { clocks, store, deadline, lastSeen: () => lastSeen, token: player.token };
}

const STEPS = [
  ['as before', 0],
  ['an hour ahead', 3_600_000],
  ['45 s behind', -45_000],
] as const;

describe.each(STEPS)('an owner whose clock is %s', (_, stepMs) => {
  test.each([true, false])('leaves the turn what was left of it (last heartbeat known: %s)', async (known) => {
    const { clocks, store, deadline, lastSeen, token } = await orphan(stepMs);
    const left = deadline - lastSeen();
    await clocks.pass(GAP_MS);
    const mailbox = await opened(owner('after', clocks.after, store, known ? lastSeen : () => 0));
    const player = new Player(() => mailbox, 'Ana');
    player.token = token;
    player.hello();
    await settled();
    const leftNow = (player.welcome?.deadline ?? 0) - clocks.after.now();
    // Without a heartbeat that is known the turn has what it had when something last happened.
    expect(leftNow).toBe(known ? left : left + PLAYED_MS);
    expect(leftNow).toBeLessThanOrEqual(TURN_MS);
  });

  test('closes no room, and holds the seats, as after any other change of owner', async () => {
    const { clocks, store, lastSeen, token } = await orphan(stepMs);
    await clocks.pass(GAP_MS);
    const mailbox = await opened(owner('after', clocks.after, store, lastSeen));
    await clocks.after.advance(HOLD_MS - 1_000);
    const player = new Player(() => mailbox, 'Ana');
    player.token = token;
    player.hello();
    await settled();
    expect(player.welcome?.seat).toBe(0);
    expect(mailbox.status).toBe('playing');
    await clocks.after.advance(2 * IDLE_MS);
    expect(mailbox.over).toBe(false);
  });
});
