/**
 * Whether the owner of a room is gone, so that the room may be claimed. A wrong yes costs the old owner its room, never a
 * move: only the epoch decides who may write.
 */
import { get } from 'node:http';
import type { InstanceId } from '../protocol/ids.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Registry } from './registry.js';

/** What a direct question to `host:port` gives. */
export type Probe = { readonly answer: 'alive'; readonly id: string } | { readonly answer: 'refused' | 'silent' };

/** Two refusals this far apart mean that no process listens there, ms. */
const REFUSED_TWICE_MS = 20;
const PROBE_TIMEOUT_MS = 300;
/** A verdict holds for the many rooms of one dead owner. Ids are never used again. */
const VERDICT_MS = 1_000;

export interface TakeoverDeps {
  readonly registry: Pick<Registry, 'get'>;
  readonly clock: Clock;
  /** Whether an expired lease proves anything now. */
  readonly steady: () => boolean;
  /** A heartbeat older than this is suspicious, ms. */
  readonly suspectMs: number;
  readonly probe?: (address: string) => Promise<Probe>;
}

export class Takeover {
  private readonly verdicts = new Map<InstanceId, { gone: Promise<boolean>; at: number }>();

  constructor(private readonly deps: TakeoverDeps) {}

  /** Whether the process `owner`, last known at `address`, is gone. @throws when the registry does not answer. */
  gone(owner: InstanceId, address: string | null): Promise<boolean> {
    const now = this.deps.clock.monotonic();
    const known = this.verdicts.get(owner);
    if (known && now - known.at < VERDICT_MS) return known.gone;
    for (const [id, { at }] of this.verdicts) if (now - at >= VERDICT_MS) this.verdicts.delete(id);
    const gone = this.ask(owner, address);
    this.verdicts.set(owner, { gone, at: now });
    gone.then(
      (yes) => yes || this.verdicts.delete(owner),
      () => this.verdicts.delete(owner),
    );
    return gone;
  }

  private async ask(owner: InstanceId, address: string | null): Promise<boolean> {
    const { registry, clock, steady, suspectMs, probe = probeInstance } = this.deps;
    const record = await registry.get(owner);
    if (record === undefined && steady()) return true;
    const where = record ? `${record.host}:${record.port}` : address;
    if (where === null) return false;
    const first = await probe(where);
    if (first.answer === 'alive') return first.id !== owner;
    if (first.answer === 'refused') {
      await sleep(clock, REFUSED_TWICE_MS);
      const second = await probe(where);
      if (second.answer === 'refused') return true;
      if (second.answer === 'alive') return second.id !== owner;
    }
    // As it is now: while the question was open a heartbeat may have come.
    const latest = await registry.get(owner);
    if (latest === undefined) return steady();
    return clock.now() - latest.last_heartbeat > suspectMs;
  }
}

/** Asks `address` (host:port) for its /livez. */
export function probeInstance(address: string): Promise<Probe> {
  return new Promise((resolve) => {
    const request = get(`http://${address}/livez`, { timeout: PROBE_TIMEOUT_MS, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        clearTimeout(deadline);
        resolve({ answer: 'alive', id: /"id":"([^"]+)"/.exec(body)?.[1] ?? '' });
      });
    });
    // Settled here: an answer that breaks off after its head raises no error of the request.
    const deadline = setTimeout(() => {
      resolve({ answer: 'silent' });
      request.destroy();
    }, PROBE_TIMEOUT_MS);
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      resolve({ answer: error.code === 'ECONNREFUSED' ? 'refused' : 'silent' });
    });
  });
}
