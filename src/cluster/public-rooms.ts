/**
 * The list of public tables. Owners note their public rooms while somebody is there, again and again; what is not noted
 * any more drops out by itself, whatever became of its owner. A hint: who joins asks the room itself.
 */
import type { RoomStatus } from '../protocol/client-out.js';
import type { RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Mailbox } from '../room/mailbox.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Ownership } from './ownership.js';

export interface PublicRoom {
  readonly room_code: RoomCode;
  readonly game: string;
  readonly options: unknown;
  /** Time for a move, ms. */
  readonly turn_ms: number;
  readonly status: RoomStatus;
  /** By seat; null where nobody sits. */
  readonly seats: readonly ({ readonly name: string; readonly bot: boolean } | null)[];
}

/** Codes by the time of their last note, ms since the epoch. */
const NOTED = 'hokm:public';
/** What the list tells of each. */
const TABLES = 'hokm:public:tables';
const NOTE_MS = 2_000;
/** Two notes may get lost. */
const KEEP_MS = 7_000;
const LIMIT = 50;

export class PublicRooms {
  private timer: Timer | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly ownership: Pick<Ownership, 'rooms' | 'here'>,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.timer = this.clock.after(NOTE_MS, () => {
      for (const mailbox of this.ownership.rooms) this.noteRoom(mailbox);
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Notes the room at once, so that a new table is found without a wait. */
  note(code: RoomCode): void {
    const mailbox = this.ownership.here(code);
    if (mailbox) this.noteRoom(mailbox);
  }

  /** The tables that can be joined or watched, those that wait for players first. @throws when Redis is away */
  async list(): Promise<readonly PublicRoom[]> {
    const since = this.clock.now() - KEEP_MS;
    const gone = await this.redis.zrangebyscore(NOTED, 0, since, 'LIMIT', 0, LIMIT);
    if (gone.length > 0) {
      await Promise.all([this.redis.zrem(NOTED, ...gone), this.redis.hdel(TABLES, ...gone)]);
    }
    const codes = await this.redis.zrevrangebyscore(NOTED, '+inf', since, 'LIMIT', 0, LIMIT);
    if (codes.length === 0) return [];
    const texts = await this.redis.hmget(TABLES, ...codes);
    const rooms = texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as PublicRoom]));
    return rooms.toSorted((a, b) => Number(b.status === 'lobby') - Number(a.status === 'lobby'));
  }

  private noteRoom(mailbox: Mailbox): void {
    if (!mailbox.head.settings.public || mailbox.over || mailbox.connections === 0) return;
    const { room, game, options, turn_ms, status, seats } = mailbox.view('spectator');
    const told: PublicRoom = {
      room_code: room,
      game,
      options,
      turn_ms,
      status,
      seats: seats.map((seat) => seat && { name: seat.name, bot: seat.bot || seat.substituted }),
    };
    Promise.all([
      this.redis.hset(TABLES, room, JSON.stringify(told)),
      this.redis.zadd(NOTED, this.clock.now(), room),
    ]).catch(() => undefined);
  }
}
