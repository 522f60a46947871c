/** JSON logs, one line an event, on stderr: stdout belongs to a command's own output. */
import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** A logger whose every line carries `bindings`, as `{process: 'instance', instance: ID}`. */
export function createLogger(level: string, bindings: Record<string, unknown>): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid, ...bindings },
      timestamp: stdTimeFunctions.isoTime,
      redact: ['token', '*.token'],
    },
    process.stderr,
  );
}
