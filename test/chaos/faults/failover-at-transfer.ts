/**
 * The instance with most rooms gives them away, and the primary is killed at the first room that changes its owner: as the
 * transfer arrives, or when it is done and not yet answered. The replicas are behind, so that the promoted one lacks the last
 * moves: the old owner and the new one have them.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../../src/runtime/package-root.js';
import type { Fault } from './fault.js';
import { signal } from './signal.js';
import { busiest } from './victim.js';

const LAG_MS = 350;
/** A room begins to move within this. */
const BEGUN_MS = 10_000;

/** Of a failover alone. */
const FAILOVER_MS = 6_000;
/** A room that was being given away leaves whoever may have it the time to store again what the failover has lost. */
const OTHERS_FIRST_MS = 2_500;

const scripts = new URL('src/redis/lua/', packageRoot);
/** How clients name the scripts that give a room away. */
const transfers = readdirSync(scripts)
  .filter((name) => name.startsWith('transfer'))
  .map((name) =>
    createHash('sha1')
      .update(readFileSync(new URL(name, scripts)))
      .digest('hex'),
  );

export const failoverAtTransfer: Fault = {
  name: 'failover-at-transfer',
  redis: 'lagging',
  boundMs: FAILOVER_MS + OTHERS_FIRST_MS,
  async run({ cluster, load, sentinel, random, strike, pause, complain, tell }) {
    if (!sentinel) throw new Error('there is no Sentinel');
    const source = await busiest(cluster, load);
    const primary = await sentinel.primary();
    const executed = random.between(0, 1) === 1;
    let struck: Promise<void> | undefined;
    try {
      sentinel.lag(LAG_MS);
      await pause(2 * LAG_MS);
      sentinel.watch(primary, (text) => {
        if (struck || !transfers.some((hash) => text.includes(hash))) return struck !== undefined && !executed;
        const kill = () => sentinel.signal(primary, 'SIGKILL');
        // What has arrived is carried out within a millisecond; its way to the replicas takes longer.
        const inject = executed ? () => void setTimeout(kill, 2) : kill;
        struck = strike({ affected: load.rooms.keys(), cuts: false, inject });
        return !executed;
      });
      signal(source.pid, 'SIGTERM');
      for (let waited = 0; !struck && waited < BEGUN_MS; waited += 50) await pause(50);
      tell(`killed ${executed ? 'after the first transfer' : 'as the first transfer arrived'}`);
      if (struck) await struck;
      else complain('no room was given away');
    } finally {
      sentinel.watch(primary, undefined);
      sentinel.lag(0);
    }
    if (struck) await sentinel.rejoin(primary);
    return [source.pid];
  },
};
