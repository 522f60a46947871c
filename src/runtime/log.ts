/** JSON logs, one line an event, on stderr: stdout belongs to a command's own output. */
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { LineBudget } from './line-budget.js';
import type { RecentErrors } from './recent-errors.js';

export type { Logger };

/** Pino's numbers. Below INFO is what somebody has asked for, to see all of it. */
const INFO = 30;
const WARN = 40;

/**
 * A logger whose every line carries `bindings`, as `{process: 'instance', instance: ID}`.
 * @param recent also gets every warning and error about a room, if `level` lets it through.
 */
export function createLogger(level: string, bindings: Record<string, unknown>, recent?: RecentErrors): Logger {
  const budget = new LineBudget(() => performance.now());
  return pino(
    {
      level,
      base: { pid: process.pid, ...bindings },
      timestamp: stdTimeFunctions.isoTime,
      redact: ['token', '*.token'],
      hooks: {
        logMethod(args, method, severity) {
          if (severity >= WARN) recent?.take(args[0], String(args[1] ?? ''));
          for (const left of budget.ended()) this.warn({ ...left }, 'equal lines were left out');
          if (severity >= INFO && !budget.take(`${severity} ${textOf(args)}`)) return;
          return method.apply(this, args);
        },
      },
    },
    process.stderr,
  );
}

/** Writes only lines of this level and above from now on. Logged first: the new level may hide that very line. */
export function changeLevel(log: Logger, level: string): void {
  log.info({ level }, 'reloaded');
  log.level = level;
}

/** The words of a line, without what differs each time. */
function textOf([first, text]: readonly unknown[]): string {
  if (typeof first === 'string') return first;
  return typeof text === 'string' ? text : first instanceof Error ? first.message : '';
}
