/** JSON logs, one line an event, on stderr: stdout belongs to a command's own output. */
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { RecentErrors } from './recent-errors.js';

export type { Logger };

/** Pino's number for it. */
const WARN = 40;

/**
 * A logger whose every line carries `bindings`, as `{process: 'instance', instance: ID}`.
 * @param recent also gets every warning and error about a room, if `level` lets it through.
 */
export function createLogger(level: string, bindings: Record<string, unknown>, recent?: RecentErrors): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid, ...bindings },
      timestamp: stdTimeFunctions.isoTime,
      redact: ['token', '*.token'],
      hooks: {
        logMethod(args, method, severity) {
          if (severity >= WARN) recent?.take(args[0], String(args[1] ?? ''));
          return method.apply(this, args);
        },
      },
    },
    process.stderr,
  );
}
