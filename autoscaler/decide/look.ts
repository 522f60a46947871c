/** From the registry's entries to instances in states. PURE. */
import type { InstanceRecord } from '../../src/cluster/registry.js';
import type { Instance } from './instance.js';

export interface Look {
  readonly instances: readonly Instance[];
  /** Everything that worked is gone at once: that is Redis, not the instances. */
  readonly blank: boolean;
}

/** Heartbeats that may be missed before an instance counts as unknown. */
const PERIODS = 3;
/** A silent instance whose lease has run out, and that nobody takes over, is given up after this, ms. */
const GIVEN_UP_MS = 60_000;
const MEGABYTE = 1024 * 1024;

/**
 * @param expired ids whose lease has run out and whose rooms nobody has taken over yet
 * @param unreachable those that no HAProxy gets through to
 * @param seen as of the last look
 */
export function look(
  records: readonly InstanceRecord[],
  expired: readonly string[],
  unreachable: ReadonlySet<string>,
  seen: readonly Instance[],
  heartbeatMs: number,
  now: number,
): Look {
  const instances: Instance[] = [];
  // A HAProxy that gets through to nobody has trouble of its own, which more instances do not end.
  const someReached = records.some(({ id, status }) => status === 'ready' && !unreachable.has(id));
  for (const record of records) {
    if (record.status === 'stopped') continue;
    const silent = now - record.last_heartbeat > PERIODS * heartbeatMs;
    const cutOff = someReached && record.status === 'ready' && unreachable.has(record.id);
    const state = cutOff ? 'unreachable' : record.status;
    instances.push(toInstance(record, silent && record.status !== 'draining' ? 'unknown' : state));
  }
  for (const id of expired) {
    const last = seen.find((instance) => instance.id === id);
    if (!last || now - last.heartbeatAt > GIVEN_UP_MS) continue;
    instances.push({ ...last, state: last.state === 'draining' ? 'draining' : 'unknown' });
  }
  instances.sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1));
  const worked = seen.some(({ state }) => state === 'ready');
  const blank = worked && !instances.some(({ state }) => state === 'ready' || state === 'draining');
  return { instances, blank };
}

function toInstance(record: InstanceRecord, state: Instance['state']): Instance {
  return {
    id: record.id,
    number: record.number,
    state,
    host: record.host,
    port: record.port,
    // The registry counts connections; a seat plays through one.
    players: record.connected_players,
    connections: record.connected_players,
    rooms: record.active_games,
    capacity: record.capacity,
    cpu: record.cpu_usage,
    memoryMb: record.process_memory / MEGABYTE,
    hostMemory: record.memory_usage,
    loopDelayMs: record.event_loop_delay,
    startedAt: record.started_at,
    heartbeatAt: record.last_heartbeat,
    rules: [...record.rules_versions],
    type: record.zone,
  };
}
