/** Five cron fields, as in crontab(5): minute, hour, day of month, month, day of week. PURE. */
import { calendar } from '../../src/runtime/clock.js';

export interface Cron {
  readonly text: string;
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** crontab(5): when both days are restricted, either one will do. */
  readonly eitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The parsed expression, or what is wrong with it. */
export function parseCron(text: string): Cron | string {
  const fields = text.trim().toLowerCase().split(/\s+/);
  if (fields.length !== 5) return `"${text}" has ${fields.length} fields, not the 5 of cron`;
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  try {
    const weekdays = new Set([...values(weekday, 0, 7, WEEKDAYS)].map((value) => value % 7));
    return {
      text,
      minutes: values(minute, 0, 59),
      hours: values(hour, 0, 23),
      days: values(day, 1, 31),
      months: values(month, 1, 12, MONTHS, 1),
      weekdays,
      eitherDay: day !== '*' && weekday !== '*',
    };
  } catch (error) {
    return `"${text}": ${(error as Error).message}`;
  }
}

function values(field: string, min: number, max: number, names: readonly string[] = [], firstName = 0): Set<number> {
  const one = (text: string): number => {
    const named = names.indexOf(text);
    const value = named >= 0 ? named + firstName : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`"${text}" is not in ${min} to ${max}`);
    return value;
  };
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw new Error(`"${part}" has no step of 1 or more`);
    const [from = '', to] = range === '*' ? [String(min), String(max)] : range.split('-');
    const first = one(from);
    const last = to === undefined ? (stepText === undefined ? first : max) : one(to);
    if (first > last) throw new Error(`"${part}" runs backwards`);
    for (let value = first; value <= last; value += step) found.add(value);
  }
  return found;
}

/** Whether it fires in the minute of the wall clock that `wall` shows, given as if it were UTC, ms. */
export function fires(cron: Cron, wall: number): boolean {
  const time = calendar(wall);
  if (!cron.minutes.has(time.minute) || !cron.hours.has(time.hour) || !cron.months.has(time.month)) return false;
  const day = cron.days.has(time.day);
  const weekday = cron.weekdays.has(time.weekday);
  return cron.eitherDay ? day || weekday : day && weekday;
}
