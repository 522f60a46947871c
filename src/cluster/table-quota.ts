/**
 * At how many public tables the people of one address may sit at once, on all instances together: otherwise one person
 * takes every free seat there is. A table counts while somebody sits there, and for as long after as a seat is kept in a
 * lobby. Redis keeps the count, as no instance sees the tables of the others; a few codes an address, for seconds.
 */
import { hash } from 'node:crypto';
import type { RoomCode } from '../protocol/ids.js';
import type { RedisConnection } from '../redis/client.js';
import type { Clock, Timer } from '../runtime/clock.js';

/** Who sits at public tables here. */
export type Sitters = () => Iterable<{ readonly address: string; readonly room: RoomCode }>;

/** A table is forgotten so long after the last note of it, ms. */
const KEEP_MS = 30_000;
const NOTE_MS = 10_000;

export class TableQuota {
  private timer: Timer | undefined;

  /** @param most tables of one address */
  constructor(
    private readonly redis: Pick<RedisConnection, 'takeTable' | 'zrem' | 'keyspace'>,
    private readonly most: number,
    private readonly sitters: Sitters,
    private readonly clock: Clock,
  ) {}

  /** Notes again and again who still sits where. */
  start(): void {
    this.timer = this.clock.after(NOTE_MS, () => {
      const noted = new Set<string>();
      for (const { address, room } of this.sitters()) {
        if (noted.has(`${room} ${address}`)) continue;
        noted.add(`${room} ${address}`);
        this.note(address, room, Number.MAX_SAFE_INTEGER).catch(() => undefined);
      }
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Whether somebody of this address may sit down there. While Redis is away nobody is turned away for that. */
  take(address: string, room: RoomCode): Promise<boolean> {
    return this.note(address, room, this.most).catch(() => true);
  }

  /** Somebody of the address has given a seat up there; whoever else of it sits there is noted again. */
  left(address: string, room: RoomCode): void {
    this.redis.zrem(this.keyOf(address), room).catch(() => undefined);
  }

  private async note(address: string, room: RoomCode, most: number): Promise<boolean> {
    return (await this.redis.takeTable(this.keyOf(address), room, String(most), String(KEEP_MS))) === 1;
  }

  private keyOf(address: string): string {
    return this.redis.keyspace.tablesOf(hash('sha256', address));
  }
}
