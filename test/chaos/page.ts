/** The page for people: one file, with pictures. PURE. */
import { BEFORE_MS, BUCKET_MS } from './campaign.js';
import type { FaultOutcome } from './fault-outcome.js';
import type { Summary } from './report.js';

const WIDTH = 900;
const LEFT = 150;
const RIGHT = 20;
const ROW = 26;
const HEIGHT = 150;
/** Stop times are drawn from 1 ms to a minute, by their logarithm. */
const TICKS_MS = [1, 10, 100, 1_000, 10_000, 60_000];
/** More of one fault are thinned. */
const DOTS = 400;

const STYLE = `
body { font: 16px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
h1, h2 { line-height: 1.2 } svg { width: 100%; height: auto; font: 12px system-ui, sans-serif }
table { border-collapse: collapse } th, td { padding: .15rem .7rem; text-align: right } th:first-child, td:first-child { text-align: left }
.good { color: #146c3a } .bad { color: #b3261e; font-weight: bold }`;

export function page(summary: Summary, outcomes: readonly FaultOutcome[], complaints: readonly string[]): string {
  const { acked, lost, doubled, violations, tail, seed, skipped } = summary;
  const held = lost + doubled + violations === 0;
  const verdict = `${acked.toLocaleString('en')} acknowledged moves: ${lost} lost, ${doubled} doubled, ${violations} other violations`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Chaos, seed ${seed}</title><style>${STYLE}</style></head><body>`,
    `<h1>What faults did to the game</h1><p class="${held ? 'good' : 'bad'}">${verdict}</p>`,
    tail > 0 ? `<p>${tail} more were on one copy only, which was gone together with their owner.</p>` : '',
    ...complaints.map((complaint) => `<p class="bad">${escaped(complaint.split('\n')[0] ?? '')}</p>`),
    ...Object.entries(skipped).map(([name, why]) => `<p>Skipped: ${escaped(name)}, ${escaped(why)}.</p>`),
    '<h2>How long rooms stood still</h2>',
    '<p>A dot is a room: from the fault, or from when its move was due after it, to the next acknowledged move. The',
    'red line is the bound that 99 of 100 keep.</p>',
    stopTimes(outcomes),
    figures(summary),
    '<h2>Acknowledged moves a second</h2>',
    '<p>Around the moment at which the fault strikes; a line is a run.</p>',
    ...outcomes.map(timeline),
    `<p>Seed ${seed}.</p></body></html>`,
    '',
  ].join('\n');
}

function stopTimes(outcomes: readonly FaultOutcome[]): string {
  const last = Math.log10(TICKS_MS.at(-1) ?? 1);
  const x = (ms: number) =>
    LEFT + (Math.min(Math.max(0, Math.log10(Math.max(1, ms))), last) / last) * (WIDTH - LEFT - RIGHT);
  const bottom = outcomes.length * ROW + 10;
  const ticks = TICKS_MS.map(
    (ms) =>
      `<line x1="${fix(x(ms))}" x2="${fix(x(ms))}" y1="0" y2="${bottom}" stroke="#dde3ea"/>` +
      `<text x="${fix(x(ms))}" y="${bottom + 16}" text-anchor="middle">${ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`}</text>`,
  );
  const rows = outcomes.map(({ fault, samples }, at) => {
    const y = at * ROW + ROW / 2 + 4;
    const step = Math.max(1, Math.ceil(samples.length / DOTS));
    const stops = samples.map(({ stop }) => stop).sort((a, b) => a - b);
    const dots = stops.filter((_, place) => place % step === 0 || place === stops.length - 1);
    return [
      `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escaped(fault.name)}</text>`,
      ...dots.map(
        (stop, place) =>
          `<circle cx="${fix(x(stop))}" cy="${y + ((place * 7) % 11) - 5}" r="2" fill="#2a5db0" fill-opacity=".45"/>`,
      ),
      fault.boundMs > 0
        ? `<line x1="${fix(x(fault.boundMs))}" x2="${fix(x(fault.boundMs))}" y1="${y - 10}" y2="${y + 10}" stroke="#b3261e" stroke-width="2"/>`
        : '',
    ].join('');
  });
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" role="img" aria-label="Stop times by fault">${[...ticks, ...rows].join('\n')}</svg>`;
}

function figures({ faults }: Summary): string {
  const rows = Object.entries(faults).map(([name, { runs, samples, bound_ms, within, stop_ms }]) => {
    const { p50, p99, max } = stop_ms;
    const numbers = [runs, samples, p50, p99, max].map((value) => `<td>${Math.round(value)}</td>`).join('');
    return `<tr><td>${escaped(name)}</td>${numbers}<td class="${within ? 'good' : 'bad'}">${bound_ms}</td></tr>`;
  });
  const head = ['fault', 'runs', 'rooms', 'median, ms', 'p99', 'longest', 'bound'].map((cell) => `<th>${cell}</th>`);
  return `<table><tr>${head.join('')}</tr>${rows.join('\n')}</table>`;
}

function timeline({ fault, acks }: FaultOutcome): string {
  const length = Math.max(2, ...acks.map((run) => run.length));
  const perSecond = 1_000 / BUCKET_MS;
  const most = Math.max(1, ...acks.flat()) * perSecond;
  const x = (bucket: number) => LEFT + (bucket / (length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (rate: number) => HEIGHT - 24 - (rate / most) * (HEIGHT - 34);
  const struck = x(BEFORE_MS / BUCKET_MS);
  const seconds = Math.floor(((length - 1) * BUCKET_MS - BEFORE_MS) / 1_000);
  const every = Math.max(1, Math.ceil(seconds / 10));
  const ticks = Array.from({ length: Math.floor(seconds / every) + 1 }, (_, at) => at * every).map((second) => {
    const place = fix(x((BEFORE_MS + second * 1_000) / BUCKET_MS));
    return `<text x="${place}" y="${HEIGHT - 8}" text-anchor="middle">${second} s</text>`;
  });
  const lines = acks.map((run) => {
    const points = run.map((count, at) => `${fix(x(at))},${fix(y(count * perSecond))}`).join(' ');
    return `<polyline points="${points}" fill="none" stroke="#2a5db0" stroke-opacity="${acks.length > 1 ? 0.5 : 1}"/>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Acknowledged moves around ${escaped(fault.name)}">`,
    `<text x="${LEFT - 10}" y="24" text-anchor="end" font-weight="bold">${escaped(fault.name)}</text>`,
    `<text x="${LEFT - 10}" y="40" text-anchor="end">up to ${Math.round(most)}/s</text>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(0)}" y2="${y(0)}" stroke="#aab4c0"/>`,
    `<line x1="${fix(struck)}" x2="${fix(struck)}" y1="8" y2="${y(0)}" stroke="#b3261e"/>`,
    ...ticks,
    ...lines,
    '</svg>',
  ].join('\n');
}

const fix = (value: number) => value.toFixed(1);
const escaped = (text: string) => text.replace(/[&<>"]/g, (symbol) => `&#${symbol.charCodeAt(0)};`);
