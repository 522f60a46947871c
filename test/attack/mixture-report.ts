/** Whether a mixture of attacks was held off, and what a person reads of it. PURE. */
import type { Mixture } from './mixture.js';
import type { Played } from './report.js';
import type { Amounts } from './traffic-profile.js';

/** What is promised and did not hold. */
export function brokenOf(mixture: Mixture, played: Played, ratio: number): string[] {
  const { mixed, healthy, control, memory, ended } = mixture;
  const broken = mixed.flatMap((one) => one.broken.map((text) => `${one.attack}: ${text}`));
  broken.push(...ended.map((name) => `${name} has ended`));
  for (const { process, from, to, flat } of memory) {
    if (!flat) broken.push(`the memory of ${process} grew from ${from} to ${to} MiB`);
  }
  const [beside, most] = [healthy.stop_ms.p99, ratio * control.stop_ms.p99];
  if (!(healthy.moves > 0 && control.moves > 0)) broken.push('no healthy move was made');
  if (beside > most)
    broken.push(`healthy moves took ${beside} ms (p99), more than ${ratio} × ${control.stop_ms.p99} ms`);
  for (const what of ['lost', 'doubled', 'violations'] as const) {
    if (played[what] > 0) broken.push(`healthy rooms: ${played[what]} ${what}`);
  }
  return broken;
}

/** Rows of cells, the first column to the left. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length))) ?? [];
  return rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
}

export function mixtureTable(mixture: Mixture, played: Played, broken: readonly string[], seed: number): string {
  const { mixed, seconds, healthy, control, memory, rates, control_rates: controlRates } = mixture;
  const rate = (of: Amounts) => [of.connections, of.requests, of.sockets, of.messages].map((value) => value.toFixed(0));
  const times = ({ stop_ms: stop, join_ms: join }: Mixture['healthy']) =>
    [stop.p50, stop.p99, stop.max, join.p99, join.max].map((value) => value.toFixed(0));
  return [
    ...aligned([
      ['attack', 'runs', 'done', '', ''],
      ...mixed.map((one) => {
        return [one.attack, `${one.runs}`, `${one.done}`, one.unit, one.broken.length === 0 ? 'held' : 'BROKEN'];
      }),
    ]),
    '',
    'A second: connections, requests, WebSockets, messages; healthy rooms: moves, stop p50, p99, max, join p99, max (ms).',
    ...aligned([
      ['', 'conn', 'req', 'ws', 'msg', 'moves', 'p50', 'p99', 'max', 'join p99', 'max'],
      ['beside the attacks', ...rate(rates), `${healthy.moves}`, ...times(healthy)],
      ['beside well-formed requests', ...rate(controlRates), `${control.moves}`, ...times(control)],
    ]),
    '',
    ...aligned([
      ['memory, MiB (medians)', 'second third', 'last third', ''],
      ...memory.map(({ process, from, to, flat }) => [process, `${from}`, `${to}`, flat ? 'flat' : 'GROWS']),
    ]),
    '',
    ...broken.map((text) => `BROKEN ${text}`),
    `${seconds} s, healthy rooms: ${played.acked} acknowledged moves, ${played.lost} lost, ${played.doubled} doubled, ` +
      `${played.violations} other violations (seed ${seed})`,
  ].join('\n');
}
