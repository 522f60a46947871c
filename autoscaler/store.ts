/** What runs leave to each other in Redis: the state, what was set by hand, and the decisions with their reasons. */
import { z } from 'zod';
import type { RedisConnection } from '../src/redis/client.js';
import type { AutoscalerKeys } from '../src/redis/keys.js';
import { HANDS_OFF, type Hand, handSchema, NOTHING_YET, type State, stateSchema } from './decide/state.js';
import { LockLost } from './lock.js';
import { type DecisionRecord, recordSchema } from './record.js';

const orderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drain'), id: z.string(), deadline_s: z.number().optional() }),
  z.object({ kind: z.literal('undrain'), id: z.string() }),
  z.object({ kind: z.literal('move'), room: z.string(), to: z.string() }),
]);
/** Something to do once, by hand. */
export type Order = z.output<typeof orderSchema>;

const DECISIONS_KEPT = 2_000;

export class Store {
  private readonly keys: AutoscalerKeys;

  constructor(private readonly redis: RedisConnection) {
    this.keys = redis.keyspace.autoscaler;
  }

  /** What the last run left; nothing when it cannot be read: a run then holds still until it has seen enough. */
  async state(): Promise<State> {
    return parse(stateSchema, await this.redis.get(this.keys.state)) ?? NOTHING_YET;
  }

  /** @throws LockLost when another has taken the lock since */
  async saveState(state: State, fencing: number): Promise<void> {
    const written = await this.redis.fencedSet(
      this.keys.fencing,
      this.keys.state,
      String(fencing),
      JSON.stringify(state),
    );
    if (written !== 1) throw new LockLost('Another autoscaler has taken the lock. Nothing more is done.');
  }

  async hand(): Promise<Hand> {
    return parse(handSchema, await this.redis.get(this.keys.hand)) ?? HANDS_OFF;
  }

  async saveHand(hand: Hand): Promise<void> {
    await this.redis.set(this.keys.hand, JSON.stringify(hand));
  }

  async order(order: Order): Promise<void> {
    await this.redis.rpush(this.keys.orders, JSON.stringify(order));
  }

  /** Orders that wait, oldest first, and how many entries they are; they wait until `done`. */
  async orders(): Promise<{ orders: Order[]; entries: number }> {
    const texts = await this.redis.lrange(this.keys.orders, '0', '-1');
    return { orders: texts.flatMap((text) => parse(orderSchema, text) ?? []), entries: texts.length };
  }

  /** Forgets the entries that were there when `orders` was asked; those that came since stay. */
  async done(entries: number): Promise<void> {
    if (entries > 0) await this.redis.ltrim(this.keys.orders, entries, -1);
  }

  async record(record: DecisionRecord): Promise<void> {
    await this.redis.xadd(
      this.keys.decisions,
      'MAXLEN',
      '~',
      DECISIONS_KEPT,
      '*',
      'id',
      record.id,
      'record',
      JSON.stringify(record),
    );
  }

  /** The last decisions, newest first. */
  async decisions(count: number): Promise<DecisionRecord[]> {
    const rows = await this.redis.xrevrange(this.keys.decisions, '+', '-', 'COUNT', count);
    return rows.flatMap(([, fields]) => parse(recordSchema, fields[3] ?? null) ?? []);
  }

  async decision(id: string): Promise<DecisionRecord | undefined> {
    return (await this.decisions(DECISIONS_KEPT)).find((record) => record.id === id);
  }

  async lockHolder(): Promise<{ holder: string; ms: number } | null> {
    const [holder, ms] = await Promise.all([this.redis.get(this.keys.lock), this.redis.pttl(this.keys.lock)]);
    return holder === null ? null : { holder, ms };
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string | null): z.output<Schema> | undefined {
  if (text === null) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
