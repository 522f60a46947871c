/** Every fault by its name. A new one is a file and a line here. */
import { clientAsleep } from './client-asleep.js';
import { clientAway } from './client-away.js';
import { clientResends } from './client-resends.js';
import { clock } from './clock.js';
import { controlDead } from './control-dead.js';
import { cutHaproxy, cutPeer, cutRedis, loss } from './cut.js';
import { drainDeadline } from './drain-deadline.js';
import { failover } from './failover.js';
import { failoverAtTransfer } from './failover-at-transfer.js';
import { failoverStop } from './failover-stop.js';
import type { Fault } from './fault.js';
import { haproxyKill } from './haproxy-kill.js';
import { haproxyReload } from './haproxy-reload.js';
import { isolatedMajority } from './isolated-majority.js';
import { none } from './none.js';
import { pair } from './pair.js';
import { pause } from './pause.js';
import { pauseKill } from './pause-kill.js';
import { randomPairs } from './random-pairs.js';
import { readonly } from './readonly.js';
import { redisAway } from './redis-away.js';
import { redisClock } from './redis-clock.js';
import { redisFar } from './redis-far.js';
import { diskFull, maxmemory } from './redis-full.js';
import { redisBlip, redisPause } from './redis-pause.js';
import { redisRestart } from './redis-restart.js';
import { redisSilent } from './redis-silent.js';
import { redisSlow } from './redis-slow.js';
import { reloadSigstop } from './reload-sigstop.js';
import { rolling } from './rolling.js';
import { sigkill } from './sigkill.js';
import { sigstop } from './sigstop.js';
import { sigterm } from './sigterm.js';
import { slowDisk } from './slow-disk.js';
import { slowReader } from './slow-reader.js';
import { stalledFollowers } from './stalled-followers.js';
import { targetKill } from './target-kill.js';
import { usurp } from './usurp.js';

export const faults: readonly Fault[] = [
  none,
  sigkill,
  sigterm,
  usurp,
  rolling,
  targetKill,
  drainDeadline,
  sigstop,
  pause,
  clock,
  redisRestart,
  redisPause,
  redisBlip,
  redisSlow,
  redisFar,
  redisClock,
  slowDisk,
  diskFull,
  maxmemory,
  pauseKill,
  failover,
  failoverStop,
  failoverAtTransfer,
  redisSilent,
  readonly,
  redisAway,
  haproxyKill,
  haproxyReload,
  reloadSigstop,
  controlDead,
  cutRedis,
  isolatedMajority,
  cutHaproxy,
  cutPeer,
  loss,
  clientAway,
  clientAsleep,
  clientResends,
  slowReader,
  stalledFollowers,
  randomPairs,
];

/** The fault of that name, or the pair of `first+second`. @throws Error with one line */
export function findFault(name: string): Fault {
  const [first, second, ...more] = name.split('+').map((part) => {
    const found = faults.find((fault) => fault.name === part);
    if (found) return found;
    throw new Error(`There is no fault "${part}". One of: ${faults.map((fault) => fault.name).join(', ')}.`);
  });
  if (!first || more.length > 0) throw new Error('Faults strike alone or in pairs, as sigkill+redis-restart.');
  return second ? pair(first, second) : first;
}

/** Every fault alone but the random pairs, which say little until there are many; and the pairs that have a row of their own. */
export const matrix: readonly string[] = [
  ...faults.filter((fault) => fault !== randomPairs).map(({ name }) => name),
  'rolling+failover',
  'sigkill+failover',
  'sigterm+failover',
];
