/** What a person and a script read of the attacks. */
import type { Figures } from './attack.js';
import type { Health } from './healthy.js';

export interface Row {
  readonly attack: string;
  readonly done: number;
  /** The number of the table. */
  readonly full: number;
  readonly unit: string;
  readonly seconds: number;
  /** Bounds that did not hold; empty is what is promised. */
  readonly broken: readonly string[];
  readonly figures: Figures;
  readonly healthy: Health;
}

/** Of the healthy rooms over all rows. */
export interface Played {
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  /** Everything else that the checker found. */
  readonly violations: number;
}

export interface Summary {
  readonly seed: number;
  readonly held: boolean;
  readonly played: Played;
  readonly rows: readonly Row[];
}

export function table({ rows, played, seed }: Summary): string {
  const head = [
    'attack',
    'done',
    'of',
    '',
    's',
    'bound',
    '|',
    'moves',
    'stop p50',
    'p99',
    'max',
    'joins',
    'p99',
    'max',
  ];
  const lines = rows.map(({ attack, done, full, unit, seconds, broken, healthy }) => {
    const { moves, stop_ms: stop, joins, join_ms: join } = healthy;
    const ms = [stop.p50, stop.p99, stop.max].map((value) => value.toFixed(0));
    const joined = [joins, join.p99, join.max].map((value) => value.toFixed(0));
    const verdict = broken.length === 0 ? 'held' : 'BROKEN';
    return [
      attack,
      String(done),
      String(full),
      unit,
      seconds.toFixed(0),
      verdict,
      '|',
      String(moves),
      ...ms,
      ...joined,
    ];
  });
  const widths = head.map((_, at) => Math.max(...[head, ...lines].map((line) => (line[at] ?? '').length)));
  const padded = [head, ...lines].map((line) =>
    line.map((cell, at) => (at === 0 || at === 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))),
  );
  const figures = rows.flatMap(({ attack, figures: of, broken }) => [
    `${attack}: ${Object.entries(of)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    ...broken.map((text) => `  BROKEN ${text}`),
  ]);
  return [
    'Right: healthy rooms beside the attack; stop: from the moment a move is due to its acknowledgement, ms.',
    '',
    ...padded.map((line) => line.join('  ')),
    '',
    ...figures,
    '',
    `healthy rooms: ${played.acked} acknowledged moves, ${played.lost} lost, ${played.doubled} doubled, ` +
      `${played.violations} other violations (seed ${seed})`,
  ].join('\n');
}
