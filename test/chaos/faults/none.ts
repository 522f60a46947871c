/** No fault: the baseline. */
import type { Fault } from './fault.js';

/** As long as a run with a quick fault takes, so that `worst` looks at as many moves. */
const WATCH_MS = 3_000;

export const none: Fault = {
  name: 'none',
  redis: 'own',
  boundMs: 0,
  async run({ load, strike, pause }) {
    await strike({ affected: load.rooms.keys(), cuts: false, inject: () => undefined });
    await pause(WATCH_MS);
    return [];
  },
};
