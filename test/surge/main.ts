/** `npm run surge`: players come and go, instances follow. Run by deploy/local/bootstrap.mjs. */
import yargs from 'yargs';
import { Surge } from './surge.js';

const since = performance.now();
const tell = (line: string) =>
  void process.stderr.write(`${((performance.now() - since) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);

async function main(): Promise<number> {
  // Started by a test: its end is ours.
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
  const given = await yargs(process.argv.slice(2))
    .scriptName('npm run surge --')
    .usage('$0 [options]\n\nPlayers come and go on a real cluster; its autoscaler adds and drains instances.')
    .option('low', { type: 'number', default: 40, describe: 'players before and afterwards' })
    .option('peak', { type: 'number', default: 400, describe: 'players at the peak' })
    .option('per-instance', { type: 'number', default: 80, describe: 'players that one instance holds' })
    .option('min', { type: 'number', default: 1, describe: 'instances at least' })
    .option('max', { type: 'number', default: 8, describe: 'instances at most' })
    .option('ramp', { type: 'number', default: 120, describe: 'length of the rise, and of the fall, s' })
    .option('window', { type: 'number', default: 1, describe: 'minutes that scale-in looks back' })
    .option('seat-delay', { type: 'number', default: 1_000, describe: 'from seeing the turn to the move, ms' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .strict()
    .version(false)
    .check(({ low, peak }) => {
      if (low % 4 !== 0 || peak % 4 !== 0) throw new Error('--low and --peak: four play in a room.');
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
  const { low, peak, perInstance, min, max, ramp: rampS, window: windowMin, seatDelay: seatDelayMs } = given;
  const summary = await Surge.run({ low, peak, perInstance, min, max, rampS, windowMin, seatDelayMs }, tell);
  if (given.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  const { lost, doubled, violations, forced, failed } = summary;
  return lost + doubled + violations + forced + failed > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  tell(error.message);
  return 1;
});
// Timers and sockets of clients may still be open; stdout is flushed before the event loop turns again.
setImmediate(() => process.exit());
