/** Ctrl-C and its kin: the first asks for an ordered stop, a later one for an end at once. */
import type { Clock } from '../../src/runtime/clock.js';
import { hasTerminal } from '../../src/runtime/lifecycle.js';

/**
 * One Ctrl-C may arrive twice: the terminal sends it to the whole process group, and npm sends it on to its script. Two
 * that come closer together than this, ms, are one.
 */
const ONE_KEYSTROKE_MS = 400;

/** @param reopen what SIGHUP asks for where no terminal is there to hang up: logs have been rotated */
export function onStopSignals(
  clock: Clock,
  stop: () => void,
  kill: () => void,
  reopen: () => void = () => undefined,
): void {
  let first: number | undefined;
  const asked = () => {
    if (first === undefined) {
      first = clock.monotonic();
      stop();
    } else if (clock.monotonic() - first > ONE_KEYSTROKE_MS) {
      kill();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, asked);
  process.on('SIGHUP', hasTerminal() ? asked : reopen);
  // Started by a tool: its end is ours.
  if (process.channel) {
    process.on('disconnect', asked);
    process.channel.unref();
  }
}
