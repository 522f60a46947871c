/** What a person and a script read of a campaign. */
import type { Seat } from '../../src/game/game.js';
import type { FaultOutcome } from './campaign.js';
import type { Violation } from './checker.js';
import type { RoomEvidence } from './evidence.js';
import type { Phases } from './stopwatch.js';

export interface Stops {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Summary {
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  /** Everything else that was wrong. */
  readonly violations: number;
  readonly seed: number;
  readonly faults: Readonly<Record<string, { runs: number; samples: number; stop_ms: Stops; worst_ms: Stops }>>;
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

export function summarise(
  seed: number,
  acked: number,
  violations: readonly Violation[],
  complaints: readonly string[],
  outcomes: readonly FaultOutcome[],
): Summary {
  const count = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length;
  const lost = count('lost');
  const doubled = count('doubled');
  const faults = outcomes.map(({ name, runs, samples, worst }) => {
    const stops = stopsOf(samples.map(({ stop }) => stop));
    return [name, { runs, samples: samples.length, stop_ms: stops, worst_ms: stopsOf(worst) }] as const;
  });
  const others = violations.length - lost - doubled + complaints.length;
  return { acked, lost, doubled, violations: others, seed, faults: Object.fromEntries(faults) };
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
    '|',
    'worst p50',
    'p99',
    'max',
    '|',
    ...PHASES,
    'dials',
  ];
  const rows = outcomes.map(({ name, samples }) => {
    const fault = summary.faults[name];
    const stops = (given: Stops | undefined) =>
      given ? [given.p50, given.p99, given.max].map((ms) => ms.toFixed(0)) : [];
    const phases = samples.flatMap((sample) => sample.phases ?? []);
    const median = (name: keyof Phases) => {
      const known = phases.flatMap((phase) => phase[name] ?? []);
      return known.length === 0 ? '-' : percentile(known, 50).toFixed(0);
    };
    const cells = [name, String(fault?.runs), String(fault?.samples), ...stops(fault?.stop_ms), '|'];
    return [...cells, ...stops(fault?.worst_ms), '|', ...PHASES.map(median), median('attempts')];
  });
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? '').length)));
  const lines = [head, ...rows].map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  return [
    'Stop times in ms: ack − max(fault, due) of the first ack after the fault; worst: the same, of every move until the',
    'run is over. Right: medians, ms after the fault, of what the client behind a sample went through.',
    '',
    ...lines,
    '',
    `${summary.acked} acknowledged moves: ${summary.lost} lost, ${summary.doubled} doubled, ` +
      `${summary.violations} other violations (seed ${summary.seed})`,
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
  seat: Seat,
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
