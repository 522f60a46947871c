/** What is wrong with a Redis that answers, as far as its INFO tells. PURE. */
import { replicasIn } from './connection-policy.js';

export interface Expected {
  /** Copies that `replicated` rooms wait for a majority of, the primary included. */
  readonly copies: number;
  readonly sentinels: boolean;
}

/** One line for each fault that operators have to mend. What is configured is never lowered by what is found. */
export function judge(info: string, { copies, sentinels }: Expected): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const faults: string[] = [];
  const found = replicasIn(info) + 1;
  if (copies === 1 && (sentinels || found > 1)) {
    const why = found > 1 ? `Redis has ${found} copies` : 'REDIS_SENTINELS is set';
    faults.push(`REDIS_COPIES is 1 but ${why}: rooms with the durability "replicated" are refused; set it.`);
  }
  if (found < copies) {
    faults.push(
      `Redis has ${found} of the ${copies} copies that REDIS_COPIES names; "replicated" rooms may stand still.`,
    );
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction' && field('maxmemory') !== '0') {
    faults.push(
      `Redis evicts keys when its memory is full (${policy}): rooms would vanish; set maxmemory-policy noeviction.`,
    );
  }
  if (field('aof_enabled') === '0') {
    faults.push('Redis keeps no append-only file: moves are lost when it ends; set appendonly yes.');
  }
  return faults;
}
