/** Floors by the clock. PURE. */
import { fires } from './cron.js';
import type { Schedule } from './schema.js';

const MINUTE_MS = 60_000;

export interface Floor {
  readonly min: number;
  /** Of the schedule; undefined when the policy's own minimum is the floor. */
  readonly schedule?: string;
}

/** The highest floor at `now`, or within the next `aheadMs`, so that instances are ready when a window opens. */
export function floorAt(schedules: readonly Schedule[], min: number, now: number, aheadMs: number): Floor {
  let floor: Floor = { min };
  for (const schedule of schedules) {
    if (schedule.min > floor.min && (isOpen(schedule, now) || isOpen(schedule, now + aheadMs))) {
      floor = { min: schedule.min, schedule: schedule.name };
    }
  }
  return floor;
}

/** Windows are measured on the wall clock: one that spans a change of summer time is an hour longer or shorter. */
function isOpen(schedule: Schedule, now: number): boolean {
  const wall = Math.floor(wallClock(now, schedule.time_zone) / MINUTE_MS) * MINUTE_MS;
  for (let back = 0; back < schedule.minutes; back++) {
    if (fires(schedule.cron, wall - back * MINUTE_MS)) return true;
  }
  return false;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows in the zone, as if it were UTC, ms. */
function wallClock(now: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
}
