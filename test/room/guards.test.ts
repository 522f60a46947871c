/**
 * Mutation proof: every guard is taken out once, by a variant of the part that holds it, and the scenario in which it
 * matters is played with and without it. The checker must be silent with the guard and speak up without.
 */
import { describe, expect, test } from '@jest/globals';
import type { Epoch, RoomCode } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { History, type LogEntry, type Position, START } from '../../src/room/history.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import type { CommitReply, Fence, FencedReply, StoredSnapshot } from '../../src/room/store.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { violations } from './checker.js';
import { ManualLease, newHead, type OpenedRoom, openRoom, Player, playRoom, type RoomChanges } from './rooms.js';
import { failAfter, failBefore, ScriptedStore } from './scripted-store.js';
import { ADD, KICK } from './stage.js';

/** Anybody may write, whatever his epoch. */
class WithoutEpochs extends MemoryRoomStore {
  override async commit(code: RoomCode, fence: Fence, after: Position, entries: readonly LogEntry[]) {
    const meta = await this.meta(code);
    const now = meta?.owner ? { owner: meta.owner, epoch: meta.epoch } : fence;
    return super.commit(code, now, after, entries);
  }
}

/** Whatever comes is appended, wherever the log ends. */
class WithoutPositions extends MemoryRoomStore {
  override async commit(code: RoomCode, fence: Fence, after: Position, entries: readonly LogEntry[]) {
    const end: Position = (await this.meta(code)) ?? after;
    const moved: LogEntry[] = [];
    for (const { entry } of entries) moved.push(History.link(moved.at(-1) ?? end, entry));
    return super.commit(code, fence, end, moved);
  }
}

/** Looks at the seq alone, and so cannot tell two histories apart. */
class WithoutDigests extends MemoryRoomStore {
  override async commit(
    code: RoomCode,
    fence: Fence,
    after: Position,
    entries: readonly LogEntry[],
  ): Promise<CommitReply> {
    const meta = await this.meta(code);
    const same = meta?.seq === after.seq ? meta : after;
    const reply = await super.commit(code, fence, { seq: same.seq, digest: same.digest }, entries);
    if (reply.outcome !== 'gap') return reply;
    return { ...reply, digest: entries.find(({ seq }) => seq === reply.seq)?.digest ?? reply.digest };
  }
}

/** Snapshots without the command ids. */
class WithoutIds extends MemoryRoomStore {
  override snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply> {
    return super.snapshot(code, fence, { ...snapshot, windows: [] }, keep);
  }
}

/** Remembers no command. */
class Forgetful extends CommandWindows {
  override lookup() {
    return 'new' as const;
  }
}

/** Believes for ever that nobody can have taken the rooms. */
class Endless extends ManualLease {
  override stale() {}
}

class Scene {
  readonly clock = new ManualClock();
  readonly store = new ScriptedStore(this.clock);
  readonly players: Player[] = [];
  readonly claims: { epoch: Epoch; at: Position }[] = [];
  readonly head;

  constructor(Variant: typeof MemoryRoomStore = MemoryRoomStore, durability: 'primary' | 'async' = 'primary') {
    this.store.inner = new Variant(() => this.clock.now());
    this.head = newHead('GUARDS00', { durability });
  }

  async open(name: string, changes: RoomChanges = {}): Promise<OpenedRoom> {
    const room = await openRoom(this.store, this.clock, this.head, name, changes);
    const { epoch, seq, digest } = room.mailbox.position;
    this.claims.push({ epoch, at: { seq, digest } });
    return room;
  }

  async player({ mailbox }: OpenedRoom, name: string, token?: string): Promise<Player> {
    const player = new Player(() => mailbox, name);
    player.token = token;
    this.players.push(player);
    player.hello();
    await this.clock.advance(500);
    return player;
  }

  async violations(): Promise<string[]> {
    await this.clock.advance(500);
    const meta = await this.store.meta(this.head.code);
    if (meta === null) throw new Error('the room is gone');
    const log = await this.store.log(this.head.code);
    return violations({ log, meta, connections: this.players, claims: this.claims });
  }
}

describe.each([
  ['in', true],
  ['out', false],
] as const)('with the guard %s', (_, guarded) => {
  const detected = (what: string[]) => (guarded ? [] : what);

  test('the epoch check: an owner that was frozen wakes up and plays on', async () => {
    const scene = new Scene(guarded ? MemoryRoomStore : WithoutEpochs);
    const old = await scene.open('instance-a');
    const ana = await scene.player(old, 'Ana');
    await scene.open('instance-b');
    ana.command(ADD(1));
    expect(await scene.violations()).toEqual(detected(['a former owner wrote']));
    expect(old.ends).toEqual(guarded ? ['lost'] : []);
  });

  test('the position: a commit whose answer was lost is sent again', async () => {
    const scene = new Scene(guarded ? MemoryRoomStore : WithoutPositions);
    const ana = await scene.player(await scene.open('instance-a'), 'Ana');
    scene.store.script.commit.push(failAfter);
    const id = ana.command(ADD(1));
    expect(await scene.violations()).toEqual(detected(['a command took effect twice']));
    expect(ana.answers(id)).toHaveLength(1);
  });

  test('the digest: two writers of one epoch', async () => {
    const scene = new Scene(guarded ? MemoryRoomStore : WithoutDigests);
    const one = await scene.open('instance-a');
    const meta = await scene.store.meta(scene.head.code);
    if (meta === null) throw new Error('the room is gone');
    const two = playRoom(
      scene.store,
      scene.clock,
      { meta: { ...meta, ...START }, snapshot: null, tail: [] },
      'instance-a',
    );
    const players = await Promise.all([scene.player(one, 'Ana'), scene.player(two, 'Bo')]);
    for (const player of players) player.command(ADD(1));
    expect(await scene.violations()).toEqual(
      detected(['an acked command is lost', 'somebody was told what did not happen', 'the log does not add up']),
    );
    expect([...one.ends, ...two.ends]).toEqual(guarded ? ['lost'] : []);
  });

  test('the output gate: the owner dies before its commit is in', async () => {
    // A room that chose `async` is one without the gate.
    const scene = new Scene(MemoryRoomStore, guarded ? 'primary' : 'async');
    const ana = await scene.player(await scene.open('instance-a'), 'Ana');
    await settled();
    scene.store.script.commit.push(...Array(1_000).fill(failBefore));
    const id = ana.command(ADD(1));
    await scene.clock.advance(300);
    scene.store.script.commit.length = 0;
    // The dead owner never gets to try again.
    await scene.open('instance-b');
    expect(await scene.violations()).toEqual(
      detected(['an acked command is lost', 'somebody was told what did not happen']),
    );
    expect(ana.answers(id)).toHaveLength(guarded ? 0 : 1);
  });

  test('the lease: an owner whose room was taken plays on before it writes', async () => {
    const scene = new Scene(MemoryRoomStore, 'async');
    const old = await scene.open('instance-a', guarded ? {} : { lease: new Endless() });
    const ana = await scene.player(old, 'Ana');
    old.lease.stale();
    await scene.open('instance-b');
    const id = ana.command(ADD(1));
    await scene.clock.advance(300);
    old.lease.renewed();
    expect(await scene.violations()).toEqual(
      detected(['an acked command is lost', 'somebody was told what did not happen']),
    );
    expect(ana.answers(id)).toHaveLength(guarded ? 0 : 1);
    expect(old.ends).toEqual(['lost']);
  });

  test('the ids: a command is sent again after others', async () => {
    const scene = new Scene();
    const ana = await scene.player(await scene.open('instance-a', guarded ? {} : { windows: new Forgetful() }), 'Ana');
    const id = ana.command(ADD(1));
    ana.command(KICK(1));
    ana.command(ADD(1), id);
    expect(await scene.violations()).toEqual(detected(['a command took effect twice']));
  });

  test('the ids in snapshots: a command is sent again to the next owner', async () => {
    const scene = new Scene(guarded ? MemoryRoomStore : WithoutIds);
    const first = await scene.open('instance-a');
    const ana = await scene.player(first, 'Ana');
    const id = ana.command(ADD(1));
    ana.command(KICK(1));
    await settled();
    await first.mailbox.release(60_000);
    const again = await scene.player(await scene.open('instance-b'), 'Ana', ana.token);
    again.command(ADD(1), id);
    expect(await scene.violations()).toEqual(detected(['a command took effect twice']));
    if (guarded) expect(again.answers(id)).toEqual(ana.answers(id));
  });
});

test('the checker itself: it misses nothing of what it looks for', async () => {
  const scene = new Scene();
  const ana = await scene.player(await scene.open('instance-a'), 'Ana');
  ana.command(ADD(1));
  ana.command(ADD(2));
  expect(await scene.violations()).toEqual([]);
  const meta = await scene.store.meta(scene.head.code);
  const log = await scene.store.log(scene.head.code);
  if (meta === null) throw new Error('the room is gone');
  const story = { log, meta, connections: scene.players, claims: scene.claims };
  const [first, second] = log;
  if (!first || !second) throw new Error('no entries');
  expect(violations({ ...story, log: log.slice(0, 2) })).toContain('an acked command is lost');
  expect(violations({ ...story, log: [first, second, second] })).toEqual(
    expect.arrayContaining(['a command took effect twice', 'the log has a gap', 'the log does not add up']),
  );
  expect(violations({ ...story, claims: [{ epoch: 2 as Epoch, at: START }] })).toEqual(['a former owner wrote']);
});
