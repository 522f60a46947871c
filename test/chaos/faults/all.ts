/** Every fault by its name. A new one is a file and a line here. */
import { failover } from './failover.js';
import type { Fault } from './fault.js';
import { haproxyKill } from './haproxy-kill.js';
import { haproxyReload } from './haproxy-reload.js';
import { none } from './none.js';
import { pauseKill } from './pause-kill.js';
import { redisPause } from './redis-pause.js';
import { redisRestart } from './redis-restart.js';
import { rolling } from './rolling.js';
import { sigkill } from './sigkill.js';
import { sigstop } from './sigstop.js';
import { sigterm } from './sigterm.js';
import { usurp } from './usurp.js';

const all: readonly Fault[] = [
  none,
  sigkill,
  sigterm,
  usurp,
  rolling,
  sigstop,
  redisRestart,
  redisPause,
  pauseKill,
  failover,
  haproxyKill,
  haproxyReload,
];

export const faults: ReadonlyMap<string, Fault> = new Map(all.map((fault) => [fault.name, fault]));
