/** The report as one HTML page with bars, without anything to load. */
import { checks, type Measured, reached, TITLES } from './report.js';

const BAR = 26;
const NAMES = 290;
const WIDTH = 420;
const STYLE = `body{font:15px system-ui;max-width:860px;margin:2rem auto;padding:0 1rem;color:#1d2b26}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;border-bottom:1px solid #d5ddd8;text-align:left}
.aim{color:#0a7a4b}.must{color:#8a6d00}.missed{color:#b3261e;font-weight:600}
rect{fill:#9db4a9}rect.ours{fill:#0a7a4b}svg text{font:13px system-ui}`;

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly ours: boolean;
}

function bars(title: string, unit: string, all: readonly Bar[]): string {
  const most = Math.max(...all.map(({ value }) => value));
  const drawn = all.map(({ name, value, ours }, at) => {
    const width = Math.max(1, (value / most) * WIDTH);
    const y = at * BAR;
    return (
      `<text x="0" y="${y + 17}">${name}</text>` +
      `<rect ${ours ? 'class="ours" ' : ''}x="${NAMES}" y="${y + 3}" width="${width.toFixed(1)}" height="${BAR - 6}" rx="3"/>` +
      `<text x="${NAMES + width + 6}" y="${y + 17}">${value.toFixed(1)} ${unit}</text>`
    );
  });
  const size = `viewBox="0 0 ${NAMES + WIDTH + 90} ${all.length * BAR}"`;
  return `<h2>${title}</h2><svg ${size} role="img" aria-label="${title}">${drawn.join('')}</svg>`;
}

export function page(measured: Measured): string {
  const { moves, capacity = [] } = measured;
  const isOurs = (name: string) => name === 'hokm' || name === 'relay';
  const charts: string[] = [];
  const costs = moves.map(({ name, cpu }) => ({ name: TITLES[name], value: cpu.median, ours: isOurs(name) }));
  if (costs.length > 0) charts.push(bars('Processor time of the server, a move', 'µs', costs));
  const held = capacity.map(({ name, rooms, memory }) => ({
    name: `${TITLES[name].split(',')[0]}, ${rooms} rooms`,
    value: memory,
    ours: isOurs(name),
  }));
  if (held.length > 0) charts.push(bars('Memory of a room with four sockets', 'kB', held));
  const rows = checks(measured).map((check) => {
    const { name, value, unit, must, aim, bound } = check;
    const sign = bound === 'most' ? '≤' : '≥';
    const outcome = reached(check);
    return `<tr><td>${name}</td><td class="${outcome}">${value} ${unit}</td><td>${sign} ${must}</td><td>${sign} ${aim}</td></tr>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bench</title><style>${STYLE}</style>
<h1>What a move costs</h1>
<p>One move: one message in, one personal message to each of four seats out. Medians of alternating runs, each server alone on one core.</p>
${charts.join('\n')}
<h2>Promises</h2>
<table><tr><th>figure</th><th>measured</th><th>must</th><th>aim</th></tr>${rows.join('')}</table>
</html>
`;
}
