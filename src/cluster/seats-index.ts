/**
 * Finds the room of a seat token. The instances are asked first; the index in Redis answers when no owner does. Tokens
 * never travel: only their SHA-256.
 */
import type { RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Clock } from '../runtime/clock.js';
import type { Bus } from './bus.js';
import type { Ownership } from './ownership.js';
import type { Self } from './self.js';

export interface FoundSeat {
  readonly room: RoomCode;
  readonly seat: number;
}

const QUERY_MS = 250;
/** As long as a stored room is kept. */
const TTL_MS = 7 * 86_400_000;
/** The seats that are taken within this go to Redis together. */
const GATHER_MS = 10;

export class SeatsIndex {
  /** Keys and values that Redis is not told of yet, by the hash tag of the keys. */
  private unsent = new Map<string, Map<string, string>>();
  /** When Redis knows what it was told. */
  private told: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly redis: RedisConnection,
    private readonly bus: Bus,
    private readonly self: Self,
    private readonly ownership: Ownership,
    private readonly clock: Clock,
  ) {
    bus.on('player_reconnect_query', ({ token_hash, reply_to, request }) => {
      const found = this.here(token_hash);
      if (found) bus.publish(bus.channels.instance(reply_to), { type: 'player_reconnect_response', request, ...found });
    });
  }

  /** Remembers a seat that has been taken. Lost, the owner still knows. */
  note(room: RoomCode, seat: number, tokenHash: string): void {
    if (this.unsent.size === 0) this.clock.after(GATHER_MS, () => this.flush());
    const { keyspace } = this.redis;
    const key = keyspace.seat(tokenHash);
    const tag = keyspace.hashTag(key);
    const together = this.unsent.get(tag) ?? new Map<string, string>();
    this.unsent.set(tag, together.set(key, `${room}:${seat}`));
  }

  /** Tells again of all seats of the rooms that are played here: Redis has lost something. */
  noteAgain(): void {
    for (const { code, seats } of this.ownership.rooms) {
      for (const [seat, occupant] of seats.entries()) {
        if (occupant?.kind === 'human') this.note(code, seat, occupant.tokenHash);
      }
    }
  }

  /** Tells Redis now; called before the instance stops. Resolves when it has been told of all. */
  flush(): Promise<unknown> {
    const notes = [...this.unsent.values()];
    this.unsent.clear();
    if (notes.length > 0) {
      const sent = notes.map((seats) =>
        this.redis.noteSeats(String(seats.size), ...seats.keys(), String(TTL_MS), ...seats.values()),
      );
      this.told = Promise.allSettled(sent);
    }
    return this.told;
  }

  /** The seat is nobody's any more: who comes late still finds the room, for `ttlMs`. */
  left(tokenHash: string, ttlMs: number): void {
    // A script that Redis does not know is sent again, behind what was sent meanwhile.
    this.flush()
      .then(() => this.redis.pexpire(this.redis.keyspace.seat(tokenHash), ttlMs))
      .catch(() => undefined);
  }

  /** The seat of the token, within a bounded wait; undefined when nobody knows it. @throws when Redis is away */
  async find(tokenHash: string): Promise<FoundSeat | undefined> {
    const here = this.here(tokenHash);
    if (here) return here;
    const ask = { type: 'player_reconnect_query', token_hash: tokenHash, reply_to: this.self.id } as const;
    const [answer, noted] = await Promise.all([
      this.bus.ask(this.bus.channels.broadcast, (request) => ({ ...ask, request }), QUERY_MS),
      this.redis.get(this.redis.keyspace.seat(tokenHash)),
    ]);
    if (answer?.type === 'player_reconnect_response') return { room: answer.room, seat: answer.seat };
    const [room, seat] = noted?.split(':') ?? [];
    return room === undefined ? undefined : { room: room as RoomCode, seat: Number(seat) };
  }

  private here(tokenHash: string): FoundSeat | undefined {
    for (const mailbox of this.ownership.rooms) {
      const seat = mailbox.seatOf(tokenHash);
      if (seat !== undefined) return { room: mailbox.code, seat };
    }
    return undefined;
  }
}
