/** The attack table, in its order. */
import type { Attack } from '../attack.js';
import { commands } from './commands.js';
import { crossSite } from './cross-site.js';
import { eventStreams } from './event-streams.js';
import { floods } from './flood.js';
import { guessing } from './guessing.js';
import { hands } from './hands.js';
import { illegal } from './illegal.js';
import { injection } from './injection.js';
import { logFilling } from './log-filling.js';
import { lookAlikes } from './look-alikes.js';
import { malformed } from './malformed.js';
import { operations } from './operations.js';
import { oversized } from './oversized.js';
import { peeking } from './peeking.js';
import { reading } from './reading.js';
import { redis } from './redis.js';
import { refusals } from './refusals.js';
import { shuffle } from './shuffle.js';
import { slowloris } from './slowloris.js';
import { squatting } from './squatting.js';
import { theft } from './theft.js';

export const attacks: readonly Attack[] = [
  malformed,
  illegal,
  oversized,
  floods,
  commands,
  reading,
  eventStreams,
  slowloris,
  guessing,
  theft,
  squatting,
  crossSite,
  injection,
  lookAlikes,
  refusals,
  hands,
  peeking,
  shuffle,
  logFilling,
  operations,
  redis,
];
