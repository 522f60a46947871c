/** `npm run churn`: instances join and leave under load; prints one object of JSON. Run by deploy/local/bootstrap.mjs. */
import yargs from 'yargs';
import { randomHex } from '../../src/runtime/random.js';
import { churn } from './churn.js';

const tell = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { minutes, servers, rooms, instances, batch, joins, seed } = await yargs(process.argv.slice(2))
    .scriptName('npm run churn --')
    .usage(
      '$0 [options]\n\nInstances join and leave at random under load, behind a real HAProxy; says what went wrong.',
    )
    .option('minutes', { type: 'number', default: 5 })
    .option('servers', { type: 'number', default: 0, describe: 'goes on until so many have joined, and left' })
    .option('rooms', { type: 'number', default: 1_000, describe: 'with one player each' })
    .option('instances', { type: 'number', default: 8, describe: 'at a time' })
    .option('batch', { type: 'number', default: 3, describe: 'that join, and leave, between two quiet seconds' })
    .option('joins', { type: 'number', default: 25, describe: 'players who come in a second' })
    .option('seed', { type: 'number', default: Number.parseInt(randomHex(4), 16), defaultDescription: 'random' })
    .strict()
    .version(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    })
    .parseAsync();
  const report = await churn({
    seconds: minutes * 60,
    servers,
    rooms,
    instances,
    batch,
    joinsPerSecond: joins,
    seed,
    tell,
  });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const { joins: joined, wrong_pins, reloads, stuck_players } = report;
  return joined.failed + wrong_pins + reloads + stuck_players > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
process.exitCode = await main().catch((error: Error) => {
  tell(error.stack ?? error.message);
  return 1;
});
setImmediate(() => process.exit());
