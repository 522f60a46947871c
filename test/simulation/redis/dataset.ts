/**
 * The keys of one simulated Redis, and the commands on them that instances and scripts use. Replies are those of Redis
 * (RESP2). Streams remember what was trimmed, so that a whole log can be checked at the end.
 */
import type { Reply } from './lua.js';

type Row = readonly [id: string, fields: string[]];

class Stream {
  readonly rows: Row[] = [];
  /** Rows before this one are trimmed. */
  first = 0;

  get kept(): readonly Row[] {
    return this.first === 0 ? this.rows : this.rows.slice(this.first);
  }
}

type Value = string | Map<string, string> | Map<string, number> | Set<string> | Stream;
interface Kept {
  value: Value;
  /** This Redis' time at which the key is gone, ms. */
  expiresAt: number;
}

type Make<T> = () => T;
const OK = 'OK';

/** Commands that change nothing, and that a replica takes too. */
export const READS: ReadonlySet<string> = new Set([
  'TIME',
  'GET',
  'EXISTS',
  'HGETALL',
  'HMGET',
  'SCARD',
  'SMEMBERS',
  'ZSCORE',
  'ZRANGE',
  'XRANGE',
  'XREVRANGE',
  'PTTL',
  'PING',
]);

export class Dataset {
  private readonly keys = new Map<string, Kept>();

  /** Does one command at `now`, ms. @throws Error for what is not known here. */
  call(now: number, name: string, args: readonly string[]): Reply {
    const [key = '', ...rest] = args;
    switch (name) {
      case 'TIME':
        return [String(Math.floor(now / 1_000)), String(Math.round((now % 1_000) * 1_000))];
      case 'GET':
        return this.find<string>(now, key) ?? null;
      case 'SET':
        return this.set(now, key, rest);
      case 'INCR': {
        const next = Number(this.find<string>(now, key) ?? 0) + 1;
        this.store(now, key, String(next));
        return next;
      }
      case 'FLUSHALL':
        this.keys.clear();
        return OK;
      case 'DEL':
        return this.keys.delete(key) ? 1 : 0;
      case 'EXISTS':
        return this.find(now, key) === undefined ? 0 : 1;
      case 'PTTL': {
        if (this.find(now, key) === undefined) return -2;
        const left = (this.keys.get(key)?.expiresAt ?? now) - now;
        return Number.isFinite(left) ? left : -1;
      }
      case 'PEXPIRE':
        return this.expire(now, key, now + Number(rest[0]));
      case 'PERSIST':
        return this.expire(now, key, Number.POSITIVE_INFINITY);
      case 'HSET':
        return this.setFields(
          this.open(now, key, () => new Map<string, string>()),
          rest,
        );
      case 'HGETALL':
        return [...(this.find<Map<string, string>>(now, key) ?? [])].flat();
      case 'HMGET': {
        const hash = this.find<Map<string, string>>(now, key);
        return rest.map((field) => hash?.get(field) ?? null);
      }
      case 'SADD':
        this.open(now, key, () => new Set<string>()).add(rest[0] ?? '');
        return 1;
      case 'SREM':
        return this.find<Set<string>>(now, key)?.delete(rest[0] ?? '') ? 1 : 0;
      case 'SMEMBERS':
        return [...(this.find<Set<string>>(now, key) ?? [])];
      case 'SCARD':
        return this.find<Set<string>>(now, key)?.size ?? 0;
      case 'ZADD': {
        const scores = this.open(now, key, () => new Map<string, number>());
        const [score = '', member = ''] = rest[0] === 'NX' ? rest.slice(1) : rest;
        if (rest[0] === 'NX' && scores.has(member)) return 0;
        scores.set(member, Number(score));
        return 1;
      }
      case 'ZREM': {
        const members = this.find<Map<string, number>>(now, key);
        return rest.filter((member) => members?.delete(member)).length;
      }
      case 'ZSCORE': {
        const score = this.find<Map<string, number>>(now, key)?.get(rest[0] ?? '');
        return score === undefined ? null : String(score);
      }
      case 'ZRANGE':
        return membersOf(this.find<Map<string, number>>(now, key) ?? new Map(), rest);
      case 'PING':
        return 'PONG';
      default:
        return this.callStream(now, name, key, rest);
    }
  }

  /** Removes what has expired by `now`, as Redis does by itself within 100 ms. */
  sweep(now: number): void {
    for (const [key, { expiresAt }] of this.keys) if (expiresAt <= now) this.keys.delete(key);
  }

  /** All rows that a stream ever had, in order. */
  history(key: string): readonly Row[] {
    const stream = this.keys.get(key)?.value;
    return stream instanceof Stream ? stream.rows : [];
  }

  private callStream(now: number, name: string, key: string, args: readonly string[]): Reply {
    switch (name) {
      case 'XADD': {
        const stream = this.open(now, key, () => new Stream());
        const options = args[0] === 'MAXLEN' ? 3 : 0;
        // MAXLEN ~ N: nothing is trimmed here; inboxes stay short.
        const given = args[options] ?? '*';
        const last = stream.rows.at(-1)?.[0];
        const id = given === '*' ? nextId(now, last) : given;
        if (last !== undefined && numberOf(id) <= numberOf(last)) throw new Error('ERR the ID is not above the last');
        stream.rows.push([id, args.slice(options + 1)]);
        return id;
      }
      case 'XRANGE': {
        const [from = '-', , , limit] = args;
        const rows = this.rowsFrom(now, key, from === '-' ? 0 : numberOf(from));
        return toReply(limit === undefined ? rows : rows.slice(0, Number(limit)));
      }
      case 'XREVRANGE':
        return toReply(this.rowsFrom(now, key, 0).slice(-1));
      case 'XTRIM': {
        const stream = this.find<Stream>(now, key);
        if (!stream) return 0;
        const least = numberOf(args[1] ?? '0');
        const kept = stream.rows.findIndex(([id]) => numberOf(id) >= least);
        stream.first = Math.max(stream.first, kept < 0 ? stream.rows.length : kept);
        return 0;
      }
      default:
        throw new Error(`the simulated Redis has no ${name}`);
    }
  }

  /** The rows of a stream from an id on. */
  private rowsFrom(now: number, key: string, from: number): readonly Row[] {
    const kept = this.find<Stream>(now, key)?.kept ?? [];
    const at = kept.findIndex(([id]) => numberOf(id) >= from);
    return at < 0 ? [] : kept.slice(at);
  }

  private set(now: number, key: string, [value = '', ...options]: readonly string[]): Reply {
    if (options.includes('NX') && this.find(now, key) !== undefined) return null;
    const at = options.indexOf('PX');
    this.keys.set(key, { value, expiresAt: at < 0 ? Number.POSITIVE_INFINITY : now + Number(options[at + 1]) });
    return OK;
  }

  private setFields(hash: Map<string, string>, fields: readonly string[]): number {
    for (let at = 0; at + 1 < fields.length; at += 2) hash.set(fields[at] ?? '', fields[at + 1] ?? '');
    return fields.length / 2;
  }

  private expire(now: number, key: string, at: number): number {
    if (this.find(now, key) === undefined) return 0;
    (this.keys.get(key) as Kept).expiresAt = at;
    return 1;
  }

  private find<T extends Value>(now: number, key: string): T | undefined {
    const kept = this.keys.get(key);
    if (kept === undefined || kept.expiresAt > now) return kept?.value as T | undefined;
    this.keys.delete(key);
    return undefined;
  }

  private open<T extends Value>(now: number, key: string, make: Make<T>): T {
    return this.find<T>(now, key) ?? this.store(now, key, make());
  }

  private store<T extends Value>(now: number, key: string, value: T): T {
    const expiresAt = this.find(now, key) === undefined ? Number.POSITIVE_INFINITY : this.keys.get(key)?.expiresAt;
    this.keys.set(key, { value, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY });
    return value;
  }
}

/** An id as a number: `5-2` is above `5-1` and below `6`. Sequences stay short here. */
function numberOf(id: string): number {
  const [ms = '0', sequence = '0'] = id.replace('(', '').split('-');
  return Number(ms) * 1_000 + Number(sequence) + (id.startsWith('(') ? 1 : 0);
}

/** The id that Redis gives itself: by its clock, and above the last where that has gone back. */
function nextId(now: number, last: string | undefined): string {
  const [ms = '0', sequence = '0'] = (last ?? '').split('-');
  return now > Number(ms) ? `${now}-0` : `${ms}-${Number(sequence) + 1}`;
}

const toReply = (rows: readonly Row[]): Reply => rows.map(([id, fields]) => [id, fields]);

/** Of a sorted set: all of it, or `ZRANGE key from to BYSCORE [REV] LIMIT offset count`. */
function membersOf(set: ReadonlyMap<string, number>, args: readonly string[]): string[] {
  const sorted = [...set].sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1));
  if (!args.includes('BYSCORE')) return sorted.map(([member]) => member);
  const bounds = args.slice(0, 2).map((bound) => Number(bound.replace('inf', 'Infinity')));
  const [least, most] = [Math.min(...bounds), Math.max(...bounds)];
  const [offset, count] = args.slice(args.indexOf('LIMIT') + 1).map(Number);
  const found = sorted.filter(([, score]) => score >= least && score <= most);
  if (args.includes('REV')) found.reverse();
  return found.slice(offset, (offset ?? 0) + (count ?? found.length)).map(([member]) => member);
}
