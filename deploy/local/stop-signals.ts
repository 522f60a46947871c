/** Ctrl-C and its kin: the first asks for an ordered stop, a later one for an end at once. */
import { isatty } from 'node:tty';
import type { Clock } from '../../src/runtime/clock.js';

/**
 * One Ctrl-C may arrive twice: the terminal sends it to the whole process group, and npm sends it on to its script. Two
 * that come closer together than this, ms, are one.
 */
const ONE_KEYSTROKE_MS = 400;

/**
 * Whether a terminal is there that may hang up. What `nohup` starts has none: it takes all three streams off the terminal.
 * That it ignores SIGHUP cannot be seen: Node sets all signals back when it starts.
 */
const hasTerminal = (): boolean => [0, 1, 2].some((descriptor) => isatty(descriptor));

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
