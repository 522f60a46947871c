/**
 * The list of public tables. Owners note their public rooms while a player is there, again and again; what is not noted
 * any more drops out by itself, whatever became of its owner. A hint: who joins asks the room itself.
 */
import type { RoomStatus } from '../protocol/client-out.js';
import type { RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Mailbox } from '../room/mailbox.js';
import type { Clock, Timer } from '../runtime/clock.js';

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

/** The rooms of this instance. */
export interface OwnRooms {
  readonly rooms: Iterable<Mailbox>;
  here(code: RoomCode): Mailbox | undefined;
}

const NOTE_MS = 2_000;
/** Two notes may get lost. */
const KEEP_MS = 7_000;
const LIMIT = 50;

export class PublicRooms {
  private timer: Timer | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly ownership: OwnRooms,
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
    if (!this.ownership.here(code)?.head.settings.public) return;
    // The seat is told of before its player is let in: a moment later somebody is there.
    this.clock.after(0, () => {
      const mailbox = this.ownership.here(code);
      if (mailbox) this.noteRoom(mailbox);
    });
  }

  /** The tables that can be joined or watched, those that wait for players first. @throws when Redis is away */
  async list(): Promise<readonly PublicRoom[]> {
    const { publicRooms: noted } = this.redis.keyspace;
    const [newest, oldest] = await Promise.all([
      this.redis.zrange(noted, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, LIMIT),
      this.redis.zrange(noted, '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, LIMIT),
    ]);
    const codes = [...new Set([...newest, ...oldest])];
    const texts = await Promise.all(
      codes.map((code) => this.redis.get(this.redis.keyspace.publicRoom(code as RoomCode))),
    );
    // What has expired is not noted any more.
    const gone = codes.filter((_, at) => texts[at] === null);
    if (gone.length > 0) await this.redis.zrem(noted, ...gone);
    const rooms = texts.slice(0, newest.length).flatMap((text) => (text ? [JSON.parse(text) as PublicRoom] : []));
    return rooms.toSorted((a, b) => Number(b.status === 'lobby') - Number(a.status === 'lobby'));
  }

  private noteRoom(mailbox: Mailbox): void {
    // Whoever only watches brings nothing on the list: of one address as many tables are on it as it may sit at.
    if (!mailbox.head.settings.public || mailbox.over || !mailbox.presence.connected.includes(true)) return;
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
      this.redis.set(this.redis.keyspace.publicRoom(room), JSON.stringify(told), 'PX', KEEP_MS),
      this.redis.zadd(this.redis.keyspace.publicRooms, this.clock.now(), room),
    ]).catch(() => undefined);
  }
}
