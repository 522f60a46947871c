/** Charts over time as SVG, alone or in a page. PURE. */
import { isoTime } from '../src/runtime/clock.js';

export interface Series {
  readonly name: string;
  readonly colour: string;
  /** One value a step; NaN where there is none. */
  readonly values: ArrayLike<number>;
  /** Of a band: its lower edge; `values` is the upper one. */
  readonly low?: ArrayLike<number>;
  readonly kind: 'line' | 'step' | 'band';
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly series: readonly Series[];
}

const WIDTH = 1200;
const HEIGHT = 360;
const LEFT = 48;
const TOP = 56;
const BOTTOM = 28;
const RIGHT = 12;
/** More points than this are thinned: each column shows the highest. */
const COLUMNS = WIDTH - LEFT - RIGHT;

export function svg(chart: Chart): string {
  const length = Math.max(2, ...chart.series.map(({ values }) => values.length));
  const most = Math.max(1, ...chart.series.map(({ values }) => peak(values)));
  const x = (at: number) => LEFT + (at / (length - 1)) * COLUMNS;
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const drawn = chart.series.map((series) => draw(series, length, x, y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="15" font-weight="bold">${escaped(chart.title)}</text>`,
    ...legend(chart.series),
    ...grid(most, chart, length, x, y),
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

/** A page with charts and a table; `rows` begin with the header. */
export function page(title: string, charts: readonly Chart[], rows: readonly (readonly string[])[]): string {
  const [header = [], ...body] = rows;
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escaped(title)}</title>`,
    '<style>body{font-family:sans-serif;margin:2em}svg{max-width:100%;height:auto;display:block;margin:1em 0}',
    'td,th{padding:.2em .8em;text-align:right}td:first-child,th:first-child{text-align:left}</style></head><body>',
    `<h1>${escaped(title)}</h1>`,
    header.length === 0 ? '' : `<table><tr>${cells(header, 'th')}</tr>`,
    ...body.map((row) => `<tr>${cells(row, 'td')}</tr>`),
    header.length === 0 ? '' : '</table>',
    ...charts.map(svg),
    '</body></html>',
    '',
  ].join('\n');
}

function draw({ values, low, colour, kind }: Series, length: number, x: Scale, y: Scale): string {
  const upper = thin(values, length, Math.max);
  if (kind === 'band') {
    const lower = thin(low ?? new Float64Array(values.length), length, Math.min);
    const down = [...lower].reverse();
    const points = [...upper, ...down].map(([at, value]) => `${fix(x(at))},${fix(y(value))}`);
    return points.length === 0 ? '' : `<polygon points="${points.join(' ')}" fill="${colour}" fill-opacity="0.25"/>`;
  }
  let path = '';
  let previous: number | undefined;
  for (const [at, value] of upper) {
    const to = `${fix(x(at))} ${fix(y(value))}`;
    if (previous === undefined) path += `M${to}`;
    else path += kind === 'step' ? `H${fix(x(at))}V${fix(y(value))}` : `L${to}`;
    previous = value;
  }
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.2"/>`;
}

type Scale = (value: number) => number;

/** Positions and values, at most one a column. */
function thin(values: ArrayLike<number>, length: number, pick: (a: number, b: number) => number): [number, number][] {
  const step = Math.max(1, Math.ceil(length / COLUMNS));
  const points: [number, number][] = [];
  for (let from = 0; from < values.length; from += step) {
    let best = Number.NaN;
    for (let at = from; at < Math.min(values.length, from + step); at++) {
      const value = values[at] ?? Number.NaN;
      if (!Number.isNaN(value)) best = Number.isNaN(best) ? value : pick(best, value);
    }
    if (!Number.isNaN(best)) points.push([from, best]);
  }
  return points;
}

function peak(values: ArrayLike<number>): number {
  let most = 0;
  for (let at = 0; at < values.length; at++) if ((values[at] ?? 0) > most) most = values[at] ?? 0;
  return most;
}

function legend(series: readonly Series[]): string[] {
  let left = LEFT;
  return series.map(({ name, colour }) => {
    const at = left;
    left += 40 + name.length * 7;
    return `<rect x="${at}" y="31" width="14" height="10" fill="${colour}"/><text x="${at + 19}" y="40">${escaped(name)}</text>`;
  });
}

function grid(most: number, chart: Chart, length: number, x: Scale, y: Scale): string[] {
  const lines: string[] = [];
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  for (let value = 0; value <= most; value += step) {
    const at = fix(y(value));
    lines.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${at}" text-anchor="end" dy="4">${Number(value.toPrecision(6))}</text>`);
  }
  lines.push(`<text x="${WIDTH - RIGHT}" y="20" text-anchor="end">${escaped(chart.unit)}, UTC</text>`);
  for (let mark = 0; mark <= 6; mark++) {
    const at = Math.round((mark / 6) * (length - 1));
    const time = isoTime(chart.startMs + at * chart.stepMs);
    const anchor = mark === 0 ? 'start' : mark === 6 ? 'end' : 'middle';
    lines.push(
      `<text x="${fix(x(at))}" y="${HEIGHT - 8}" text-anchor="${anchor}">${time.slice(5, 16).replace('T', ' ')}</text>`,
    );
  }
  return lines;
}

const fix = (value: number): string => value.toFixed(1);

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
