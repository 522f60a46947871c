/** What a person and a script read of a campaign. */
import type { Seat } from '../../src/game/game.js';
import type { Violation } from './checker.js';
import type { RoomEvidence } from './evidence.js';
import type { FaultOutcome } from './fault-outcome.js';
import type { Phases } from './stopwatch.js';

export interface Stops {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface FaultSummary {
  readonly runs: number;
  readonly samples: number;
  /** What is promised of the p99 of `stop_ms`. */
  readonly bound_ms: number;
  /** Whether that held, where nothing runs but what the baseline shows. */
  readonly within: boolean;
  readonly stop_ms: Stops;
  readonly worst_ms: Stops;
  /** When it struck, s since the start, and how many rooms. */
  readonly strikes: readonly { readonly at_s: number; readonly run: number; readonly rooms: number }[];
}

export interface Summary {
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  /** Everything else that was wrong. */
  readonly violations: number;
  /** Acknowledged moves that were on one copy, which is gone together with their owner. */
  readonly tail: number;
  readonly seed: number;
  /** Why faults did not strike, by name. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly faults: Readonly<Record<string, FaultSummary>>;
}

/** The p-th percentile by nearest rank: a value that was measured. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0;
}

function stopsOf(values: readonly number[]): Stops {
  const at = (p: number) => Math.round(percentile(values, p) * 10) / 10;
  return { p50: at(50), p99: at(99), max: at(100) };
}

/** Of all that was played. */
export interface Played {
  readonly seed: number;
  readonly acked: number;
  readonly tail: number;
  readonly violations: readonly Violation[];
  readonly complaints: readonly string[];
  readonly outcomes: readonly FaultOutcome[];
  readonly skipped: Summary['skipped'];
}

/** The p99 of two equal plays differ by this, ms. */
const NOISE_MS = 20;

export function summarise({ seed, acked, tail, violations, complaints, outcomes, skipped }: Played): Summary {
  const count = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length;
  const lost = count('lost');
  const doubled = count('doubled');
  const stopsWithout = (name: string) => outcomes.find(({ fault }) => fault.name === name)?.samples ?? [];
  // What is 0 is as quick as without a fault.
  const baseline = stopsOf(stopsWithout('none').map(({ stop }) => stop)).p99;
  const faults = outcomes.map(({ fault: { name, boundMs }, runs, samples, worst, strikes }): [string, FaultSummary] => {
    const stops = stopsOf(samples.map(({ stop }) => stop));
    return [
      name,
      {
        runs,
        samples: samples.length,
        bound_ms: boundMs,
        within: stops.p99 <= boundMs + baseline + NOISE_MS,
        stop_ms: stops,
        worst_ms: stopsOf(worst),
        strikes: strikes.map(({ at, run, rooms }) => ({ at_s: Math.round(at / 100) / 10, run, rooms })),
      },
    ];
  });
  const others = violations.length - lost - doubled + complaints.length;
  return { acked, lost, doubled, violations: others, tail, seed, skipped, faults: Object.fromEntries(faults) };
}

const PHASES = ['due', 'closed', 'dialled', 'opened', 'welcomed', 'acked'] as const satisfies (keyof Phases)[];

/** The table for people. */
export function table(summary: Summary, outcomes: readonly FaultOutcome[]): string {
  const head = [
    'fault',
    'runs',
    'samples',
    'p50',
    'p99',
    'max',
    'bound',
    '|',
    'worst p50',
    'p99',
    'max',
    '|',
    ...PHASES,
    'dials',
  ];
  const rows = outcomes.map(({ fault: { name, boundMs }, samples }) => {
    const fault = summary.faults[name];
    const stops = (given: Stops | undefined) =>
      given ? [given.p50, given.p99, given.max].map((ms) => ms.toFixed(0)) : [];
    const phases = samples.flatMap((sample) => sample.phases ?? []);
    const median = (name: keyof Phases) => {
      const known = phases.flatMap((phase) => phase[name] ?? []);
      return known.length === 0 ? '-' : percentile(known, 50).toFixed(0);
    };
    const cells = [
      name,
      String(fault?.runs),
      String(fault?.samples),
      ...stops(fault?.stop_ms),
      `${fault?.within ? '' : 'above '}${boundMs}`,
      '|',
    ];
    return [...cells, ...stops(fault?.worst_ms), '|', ...PHASES.map(median), median('attempts')];
  });
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? '').length)));
  const lines = [head, ...rows].map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  const beyond = Object.entries(summary.faults).filter(([, { within }]) => !within);
  const named = beyond.map(([name, { bound_ms, stop_ms }]) => `${name} (p99 ${stop_ms.p99} ms, bound ${bound_ms} ms)`);
  return [
    'Stop times in ms: ack − max(fault, due) of the first ack after the fault; worst: the same, of every move until the',
    'run is over. Right: medians, ms after the fault, of what the client behind a sample went through.',
    '',
    ...lines,
    '',
    `${summary.acked} acknowledged moves: ${summary.lost} lost, ${summary.doubled} doubled, ` +
      `${summary.violations} other violations (seed ${summary.seed})`,
    ...(summary.tail > 0
      ? [`${summary.tail} more were on one copy only, which was gone together with their owner.`]
      : []),
    ...(named.length > 0 ? [`Beyond their bound: ${named.join(', ')}.`] : []),
  ].join('\n');
}

const NEAR = 3;

/** A violation with what the log and the clients say of the entries around it. */
export function around(violation: Violation, { log, clients }: RoomEvidence): string {
  const { kind, room, seq, text } = violation;
  const near = (at: number) => seq !== null && Math.abs(at - seq) <= NEAR;
  const lines = [`VIOLATION ${kind} in room ${room} at ${seq ?? 'no entry'}: ${text}`];
  for (const entry of log) if (near(entry.seq)) lines.push(`  log ${entry.seq}: ${entry.text.slice(0, 400)}`);
  for (const { seat, connections, commands } of clients) {
    lines.push(...ofClient(seat, connections, near));
    for (const { id, command, acks, refused, times } of commands) {
      if (!acks.some((ack) => near(ack.seq))) continue;
      const answer = refused ?? acks.map((ack) => `acked at ${ack.seq}`).join(', ');
      lines.push(`  seat ${seat} sent ${id} ${JSON.stringify(command)} ${times}x: ${answer}`);
    }
  }
  return lines.join('\n');
}

function ofClient(
  seat: Seat | null,
  connections: RoomEvidence['clients'][number]['connections'],
  near: (at: number) => boolean,
): string[] {
  return connections.flatMap(({ frames }, at) =>
    frames
      .filter((frame) => near(frame.seq))
      .map(
        ({ seq, epoch, digest, events }) =>
          `  seat ${seat} socket ${at + 1} saw ${seq} epoch ${epoch} ${digest} ${events.slice(0, 300)}`,
      ),
  );
}
