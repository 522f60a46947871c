/** `npm run measure-haproxy`: figures of one part of HAProxy's work, as JSON. Run by deploy/local/bootstrap.mjs. */
import yargs from 'yargs';
import { measureCost } from './cost.js';
import { measureMoves, measureTakeovers, PlayedCluster } from './played-cluster.js';

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function onCluster(instances: number, rooms: number, use: (cluster: PlayedCluster) => Promise<void>) {
  const cluster = await PlayedCluster.start(instances);
  try {
    await cluster.open(rooms);
    await use(cluster);
  } finally {
    await cluster.stop();
  }
}

const rounded = (value = 0) => Math.round(value * 10) / 10;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
await yargs(process.argv.slice(2))
  .scriptName('npm run measure-haproxy --')
  .command(
    'moves',
    'Moves rooms, and counts the players who came to the new owner by a forward',
    (options) =>
      options
        .option('moves', { type: 'number', default: 1_000 })
        .option('rooms', { type: 'number', default: 100 })
        .option('parallel', { type: 'number', default: 4 }),
    ({ moves, rooms, parallel }) =>
      onCluster(3, rooms, async (cluster) => print(await measureMoves(cluster, moves, parallel))),
  )
  .command(
    'takeovers',
    'Kills instances, and times from each takeover to its pin',
    (options) =>
      options
        .option('rooms', { type: 'number', default: 200 })
        .option('kills', { type: 'number', default: 5, describe: 'one after the other' }),
    ({ rooms, kills }) =>
      onCluster(3, rooms, async (cluster) => {
        for (let kill = 0; kill < kills; kill++) {
          const { rooms: taken, gaps } = await measureTakeovers(cluster);
          const [p50, max] = [gaps[Math.floor(gaps.length / 2)], gaps.at(-1)].map(rounded);
          print({ rooms: taken, claim_to_pin_ms: { p50, max } });
          await cluster.add();
        }
      }),
  )
  .command(
    'cost',
    "HAProxy's processor time a move, beside a bare configuration with one static server",
    (options) =>
      options
        .option('rooms', { type: 'number', default: 50 })
        .option('moves', { type: 'number', default: 10_000, describe: 'a round' })
        .option('rounds', { type: 'number', default: 10 }),
    async ({ rooms, moves, rounds }) => print(await measureCost({ rooms, movesPerRound: moves, rounds })),
  )
  .demandCommand(1, 'Which one? moves, takeovers or cost.')
  .strict()
  .version(false)
  .parseAsync();
setImmediate(() => process.exit());
