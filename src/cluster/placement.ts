/** Which instance a room goes to. PURE. */
import type { InstanceId } from '../protocol/ids.js';
import type { InstanceRecord } from './registry.js';

export interface Wish {
  /** `game@version` that the room is played by. */
  readonly rules: string;
  /** Not these: the room's present owner, and who has refused it. */
  readonly not: ReadonlySet<InstanceId>;
  /** Rooms already promised to an instance and not yet in its figures. */
  readonly promised: ReadonlyMap<InstanceId, number>;
  /** Only instances started since then, cluster time; as in a rolling restart, so that no room moves twice. */
  readonly startedSince: number;
}

/** The least loaded ready instance for a room, or undefined when none fits. Ties go to the lower number. */
export function place(instances: readonly InstanceRecord[], wish: Wish): InstanceRecord | undefined {
  const rooms = ({ id, active_games }: InstanceRecord) => active_games + (wish.promised.get(id) ?? 0);
  return instances
    .filter(({ id, status, started_at, rules_versions }) => {
      return (
        status === 'ready' &&
        started_at >= wish.startedSince &&
        rules_versions.includes(wish.rules) &&
        !wish.not.has(id)
      );
    })
    .filter((instance) => rooms(instance) < instance.capacity)
    .sort((a, b) => rooms(a) / a.capacity - rooms(b) / b.capacity || a.number - b.number)[0];
}

/**
 * Which of `instances` takes an orphaned room, so that the survivors share them without talking: the highest of a hash
 * over room and instance.
 */
export function heir(room: string, instances: readonly InstanceRecord[]): InstanceId | undefined {
  let best: { id: InstanceId; score: number } | undefined;
  for (const { id, status } of instances) {
    if (status !== 'ready') continue;
    const score = hash(`${room} ${id}`);
    if (!best || score > best.score || (score === best.score && id > best.id)) best = { id, score };
  }
  return best?.id;
}

/** FNV-1a, 32 bits, with a final mix: neighbouring names get unlike scores. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
