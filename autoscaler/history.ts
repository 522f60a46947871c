/** The load of weeks in Redis, a point a minute. A day that is over is packed into one string; what is missing stays so. */

import type { RedisConnection } from '../src/redis/client.js';
import type { AutoscalerKeys } from '../src/redis/keys.js';
import { isoTime } from '../src/runtime/clock.js';
import type { Totals } from './decide/demand.js';

/** Why a minute teaches nothing: an outage, a deploy, a number held by hand. */
export const MARKS = { outage: 'o', deploy: 'd', hold: 'h' } as const;
export type Mark = keyof typeof MARKS;

export interface Point extends Totals {
  /** Since the epoch. */
  readonly minute: number;
  /** In any state, as paid. */
  readonly instances: number;
  readonly mark?: Mark | undefined;
}

const DAY_MIN = 1440;
const MINUTE_MS = 60_000;
const DAYS_KEPT = 35;
/** A day's key outlives its use by a little, should nobody be there to delete it. */
const KEY_TTL_S = (DAYS_KEPT + 2) * 86_400;
const FORMAT = '1';

export class History {
  /** Days known to be packed, or empty. */
  private packedBefore = -1;

  private readonly keys: AutoscalerKeys;

  constructor(private readonly redis: RedisConnection) {
    this.keys = redis.keyspace.autoscaler;
  }

  /** Keeps the minute's point; a later one of the same minute takes its place. Packs the days before. */
  async add(point: Point): Promise<void> {
    const day = Math.floor(point.minute / DAY_MIN);
    const key = this.keys.minutes(dayName(day));
    await Promise.all([
      this.redis.hset(key, String(point.minute % DAY_MIN), write(point)),
      this.redis.expire(key, KEY_TTL_S),
    ]);
    if (this.packedBefore < day) {
      await this.pack(day);
      this.packedBefore = day;
    }
  }

  /** All that is kept up to now, oldest first; minutes without a point are missing. */
  async load(now: number): Promise<Point[]> {
    const today = Math.floor(now / MINUTE_MS / DAY_MIN);
    const days = Array.from({ length: DAYS_KEPT + 1 }, (_, back) => today - DAYS_KEPT + back);
    const loaded = await Promise.all(days.map((day) => this.loadDay(day)));
    return loaded.flat();
  }

  private async loadDay(day: number): Promise<Point[]> {
    const name = dayName(day);
    const [packed, minutes] = await Promise.all([
      this.redis.get(this.keys.packed(name)),
      this.redis.hgetall(this.keys.minutes(name)),
    ]);
    const points = new Map<number, Point>();
    for (const [at, text] of unpack(packed)) keep(points, read(day * DAY_MIN + at, text));
    for (const [at, text] of Object.entries(minutes)) keep(points, read(day * DAY_MIN + Number(at), text));
    return [...points.values()].sort((a, b) => a.minute - b.minute);
  }

  /** Packs every kept day before `today` that is not packed yet. */
  private async pack(today: number): Promise<void> {
    for (let day = today - DAYS_KEPT; day < today; day++) {
      const name = dayName(day);
      if ((await this.redis.exists(this.keys.minutes(name))) === 0) continue;
      const points = await this.loadDay(day);
      const text = points.map((point) => `${point.minute - day * DAY_MIN}:${write(point)}`).join(';');
      // Written before the hash goes: read in between, the same points are found twice and taken once.
      await this.redis.set(this.keys.packed(name), `${FORMAT}|${text}`, 'EX', KEY_TTL_S);
      await this.redis.del(this.keys.minutes(name));
    }
  }
}

function keep(points: Map<number, Point>, point: Point | undefined): void {
  if (point) points.set(point.minute, point);
}

function dayName(day: number): string {
  return isoTime(day * DAY_MIN * MINUTE_MS).slice(0, 10);
}

function write({ players, connections, rooms, cpu, memory, instances, mark }: Point): string {
  const numbers = [players, connections, rooms, cpu, memory, instances].map((value) =>
    String(Math.round(value * 1000) / 1000),
  );
  return [...numbers, ...(mark ? [MARKS[mark]] : [])].join(',');
}

/** Undefined for what another version, or a hand, has written. */
function read(minute: number, text: string): Point | undefined {
  const cells = text.split(',');
  const [players = 0, connections = 0, rooms = 0, cpu = 0, memory = 0, instances = 0] = cells.slice(0, 6).map(Number);
  const sound =
    cells.length >= 6 && [players, connections, rooms, cpu, memory, instances, minute].every(Number.isFinite);
  if (!sound) return undefined;
  const mark = (Object.keys(MARKS) as Mark[]).find((name) => MARKS[name] === cells[6]);
  return { minute, players, connections, rooms, cpu, memory, instances, ...(mark ? { mark } : {}) };
}

function unpack(text: string | null): [number, string][] {
  const [format, body = ''] = text?.split('|') ?? [];
  if (format !== FORMAT || body === '') return [];
  return body.split(';').map((entry) => {
    const [at = '', point = ''] = entry.split(':');
    return [Number(at), point];
  });
}
