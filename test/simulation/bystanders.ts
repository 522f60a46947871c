/** Those who do not play at the tables of a simulated cluster: they follow, look, and open tables of their own. */
import type { RoomCode } from '../../src/protocol/ids.js';
import { metaOf } from './check.js';
import { Follower, type Told } from './follower.js';
import type { HttpAsk, HttpAsker } from './http.js';
import { Reader } from './reader.js';
import { Visitor } from './visitor.js';
import type { PlayedRoom, World } from './world.js';

/** Until a table is open. */
const WAIT_MS = 50;

export class Bystanders {
  private readonly followers = new Map<RoomCode, Follower>();
  private readonly readers = new Map<RoomCode, Reader>();
  private readonly visitor: Visitor;

  constructor(private readonly world: World) {
    const { timeline, random, coverage } = world;
    const complain = (text: string) => void world.complaints.push(text);
    const count = (name: string) => coverage.count('http', name);
    this.visitor = new Visitor({
      timeline,
      random,
      ask: (ask, asker) => world.ways.ask('visitor', ask, asker),
      isPublic: (code) => /^N1EW/.test(code) || this.roomOf(code)?.head.settings.public === true,
      complain,
      count,
    });
    for (const room of world.rooms) this.whenOpen(room, complain, count);
  }

  /** Those who look at the end what all have seen. */
  rest(): void {
    this.visitor.rest();
    for (const one of [...this.followers.values(), ...this.readers.values()]) one.rest();
  }

  /** Whether they have seen the end, and rooms have nobody else on their lists. */
  get atRest(): boolean {
    const { world } = this;
    return world.rooms.every((room) => {
      const { code } = room.head;
      const follower = this.followers.get(code);
      const mailbox = world.ownerOf(code)?.instance.ownership.here(code);
      const connected = room.players.length + (follower?.streams ?? 0);
      return follower?.at === metaOf(world, room)?.seq && mailbox?.connections === connected;
    });
  }

  /** All that was told of the room's log. */
  told(code: RoomCode): readonly Told[] {
    return [...(this.followers.get(code)?.told ?? []), ...(this.readers.get(code)?.read ?? [])];
  }

  private roomOf(code: RoomCode): PlayedRoom | undefined {
    return this.world.rooms.find(({ head }) => head.code === code);
  }

  private whenOpen(room: PlayedRoom, complain: (text: string) => void, count: (name: string) => void): void {
    const { timeline, random, plan, ways } = this.world;
    if (room.players.length === 0) return void timeline.after(WAIT_MS, () => this.whenOpen(room, complain, count));
    const { code } = room.head;
    const ask = (from: string) => (given: HttpAsk, asker: HttpAsker) => ways.ask(`${from} ${code}`, given, asker, code);
    const isSafe = (seq: number) => this.world.isSafe(room, seq);
    // A failover that loses it must be survived, whether a player has heard of it or not.
    const heard = (seq: number) => {
      room.told = Math.max(room.told, seq);
    };
    const shared = { timeline, random, code, complain, count, isSafe, heard };
    this.followers.set(code, new Follower({ ...shared, ask: ask('follower'), mischief: plan.mischief }));
    this.readers.set(
      code,
      new Reader({
        ...shared,
        ask: ask('reader'),
        told: () => room.told,
        isStored: (seq, digest) => room.committed.get(seq)?.has(digest) === true,
      }),
    );
  }
}
