/** `npm run bench`: this project beside its peers, in one run. Run by deploy/local/bootstrap.mjs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import yargs from 'yargs';
import { CAPACITY_NAMES, type CapacityFigure, measureCapacity } from './figures/capacity.js';
import { measureDrain } from './figures/drain.js';
import { measureDurability } from './figures/durability.js';
import { measureInstances } from './figures/instances.js';
import { measureLatency } from './figures/latency.js';
import { measureMoves, SERVER_NAMES } from './figures/move.js';
import { page } from './picture.js';
import { othersBusy } from './processes.js';
import { checks, type Measured, ratios, table } from './report.js';
import { Stand } from './stand.js';

const FIGURES = ['move', 'durability', 'instances', 'latency', 'capacity', 'drain'] as const;
/** What `--quick` leaves out takes minutes. */
const QUICK_FIGURES = ['move', 'durability', 'instances', 'latency'] as const;
const CAPACITIES = [1_000, 4_900];
const MOVES_PER_SECOND = 1_000;
const STRETCH_MS = 2_000;
const STRETCHES = 10;
const QUICK_STRETCHES = 4;
/** Many short runs in turn: a machine that is slow for some seconds is slow for all of them. */
const RUN_MS = 200;
const ROUNDS = 130;
const QUICK_ROUNDS = 40;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const options = await yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .option('quick', {
    type: 'boolean',
    default: false,
    describe: 'fewer and shorter runs, no capacity, no drain: 8 minutes',
  })
  .option('figures', { type: 'string', array: true, choices: FIGURES, describe: 'only these' })
  .option('servers', {
    type: 'string',
    array: true,
    choices: SERVER_NAMES,
    default: SERVER_NAMES,
    describe: 'of the figure `move`',
  })
  .option('rooms', { type: 'number', default: 250 })
  .option('rounds', { type: 'number', describe: `runs of every server; default ${ROUNDS}, quick ${QUICK_ROUNDS}` })
  .option('html', { type: 'string', default: 'test-output/bench.html', describe: 'where the pictures go' })
  .option('json', { type: 'boolean', default: false, describe: 'the last line is JSON' })
  .strict()
  .version(false)
  .fail((message, error) => {
    process.stderr.write(`${message || error.message}\n`);
    process.exit(2);
  })
  .parseAsync();

const { quick, rooms, rounds = quick ? QUICK_ROUNDS : ROUNDS } = options;
const pace = { perSecond: MOVES_PER_SECOND, ms: STRETCH_MS, stretches: quick ? QUICK_STRETCHES : STRETCHES };
const wanted = new Set<string>(options.figures ?? (quick ? QUICK_FIGURES : FIGURES));
const tell = (line: string) => void process.stderr.write(`${line}\n`);

const busy = await othersBusy();
/** A Redis of its own for each figure: instances take over what others have left in it. */
async function onStand<Figure>(measure: (stand: Stand) => Promise<Figure>): Promise<Figure> {
  const stand = await Stand.start(tell);
  try {
    return await measure(stand);
  } finally {
    await stand.stop();
  }
}

const moves = wanted.has('move')
  ? await onStand((stand) => measureMoves(stand, options.servers, { rooms, rounds, ms: RUN_MS }))
  : [];
if (wanted.has('instances')) tell('instances');
const instances = wanted.has('instances')
  ? await onStand((stand) => measureInstances(stand, rooms, rounds, RUN_MS))
  : undefined;
const capacity: CapacityFigure[] = [];
if (wanted.has('capacity')) {
  for (const count of CAPACITIES) {
    for (const name of CAPACITY_NAMES) capacity.push(await onStand((stand) => measureCapacity(stand, name, count)));
  }
}
if (wanted.has('durability')) tell('durability');
const durability = wanted.has('durability') ? await measureDurability(rooms, rounds, RUN_MS, pace) : undefined;
if (wanted.has('latency')) tell('latency');
const latency = wanted.has('latency') ? await measureLatency(rooms, pace) : undefined;
if (wanted.has('drain')) tell('drain');
const drain = wanted.has('drain') ? await measureDrain(2 * rooms) : undefined;

const measured: Measured = {
  moves,
  othersBusy: busy,
  ...(instances && { instances }),
  ...(durability && { durability }),
  ...(latency && { latency }),
  ...(capacity.length > 0 && { capacity }),
  ...(drain && { drain }),
};
const html = resolve(options.html);
mkdirSync(dirname(html), { recursive: true });
writeFileSync(html, page(measured));
process.stdout.write(`${table(measured)}\nPictures: ${html}\n`);
if (options.json)
  process.stdout.write(`${JSON.stringify({ ratios: ratios(measured), checks: checks(measured), ...measured })}\n`);
process.exit();
