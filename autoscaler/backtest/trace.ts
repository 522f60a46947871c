/** A load trace as people keep them: `ts,value`, ISO-8601 UTC, one regular grid. */
import { Told } from '../told.js';

export interface Trace {
  /** Of the first sample, ms since the epoch. */
  readonly startMs: number;
  readonly stepMin: number;
  readonly values: Float64Array;
  /** Samples that the file left out and that were filled in by straight lines. */
  readonly filled: number;
}

const MINUTE_MS = 60_000;
const MIN_SAMPLES = 16;
/** A longer hole would be a day that never was. */
const MAX_HOLE_MIN = 24 * 60;

/**
 * @param name of the file, for messages
 * @throws Told with the line of the first mistake
 */
export function parseTrace(text: string, name: string): Trace {
  const lines = text.split('\n');
  const bad = (at: number, what: string): never => {
    throw new Told(`${name}:${at + 1}: ${what}`);
  };
  if ((lines[0] ?? '').trim().toLowerCase() !== 'ts,value') bad(0, 'the first line must be "ts,value"');
  const times: number[] = [];
  const values: number[] = [];
  const places: number[] = [];
  for (let at = 1; at < lines.length; at++) {
    const line = (lines[at] ?? '').trim();
    if (line === '') continue;
    const cells = line.split(',');
    if (cells.length !== 2) bad(at, `expected two columns, ts and value, found ${cells.length}`);
    const [ts = '', raw = ''] = cells;
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(ts) ? Date.parse(ts) : Number.NaN;
    if (Number.isNaN(time)) bad(at, `"${ts}" is no ISO-8601 time in UTC, as 2026-01-31T12:00:00Z`);
    const value = raw.trim() === '' ? Number.NaN : Number(raw);
    if (!Number.isFinite(value) || value < 0) bad(at, `"${raw}" is no number of 0 or more`);
    if (time <= (times.at(-1) ?? Number.NEGATIVE_INFINITY)) bad(at, `${ts} is not after the line before it`);
    times.push(time);
    values.push(value);
    places.push(at);
  }
  if (times.length < MIN_SAMPLES) bad(lines.length - 1, `a trace needs at least ${MIN_SAMPLES} samples`);
  return onGrid(times, values, places, bad);
}

function onGrid(
  times: readonly number[],
  values: readonly number[],
  places: readonly number[],
  bad: (at: number, what: string) => never,
): Trace {
  const start = times[0] ?? 0;
  const stepMs = commonStep(times);
  if (stepMs % MINUTE_MS !== 0) bad(places[1] ?? 1, `the step of ${stepMs / 1000} s is not a whole number of minutes`);
  const grid: number[] = [];
  let filled = 0;
  for (const [at, time] of times.entries()) {
    const place = places[at] ?? 0;
    if ((time - start) % stepMs !== 0) bad(place, `the time is not on the grid of ${stepMs / MINUTE_MS} min`);
    const slot = (time - start) / stepMs;
    const hole = slot - grid.length;
    if ((hole * stepMs) / MINUTE_MS > MAX_HOLE_MIN) bad(place, `more than a day is missing before this line`);
    const from = grid.at(-1) ?? 0;
    const to = values[at] ?? 0;
    for (let step = 1; step <= hole; step++) grid.push(from + ((to - from) * step) / (hole + 1));
    filled += hole;
    grid.push(to);
  }
  if (!grid.some((value) => value > 0)) bad(places[0] ?? 1, 'every value is 0');
  return { startMs: start, stepMin: stepMs / MINUTE_MS, values: Float64Array.from(grid), filled };
}

/** The most frequent difference of neighbours; the smaller of two as frequent. */
function commonStep(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let at = 1; at < times.length; at++) {
    const step = (times[at] ?? 0) - (times[at - 1] ?? 0);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let best = Number.POSITIVE_INFINITY;
  for (const [step, count] of counts) {
    const leading = counts.get(best) ?? 0;
    if (count > leading || (count === leading && step < best)) best = step;
  }
  return best;
}
