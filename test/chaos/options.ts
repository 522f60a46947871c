/** The command line of `npm run chaos`. */
import yargs from 'yargs';
import { faults, findFault, matrix } from './faults/all.js';
import type { Fault } from './faults/fault.js';

export interface Options {
  readonly faults: readonly Fault[];
  readonly runs: number;
  /** Instead of runs: for all faults together; each has the same share, and strikes at least once. */
  readonly minutes: number | undefined;
  readonly rooms: number;
  readonly seed: number;
  readonly instances: number;
  readonly seatDelayMs: number;
  readonly asleepMs: number;
  readonly json: boolean;
  /** Where the page for people goes. */
  readonly report: string;
  readonly keep: boolean;
  readonly oneCluster: boolean;
}

const SECOND_MS = 1_000;

const whole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

/** The faults of a list with commas, each once. @throws Error with one line */
function named(list: string): Fault[] {
  const names = list.split(',').flatMap((name) => (name === 'matrix' ? matrix : [name]));
  return [...new Set(names)].map(findFault);
}

/** @throws Error with one line about the first mistake. */
export async function parseOptions(args: readonly string[], freshSeed: number): Promise<Options> {
  const names = faults.map(({ name }) => name);
  const given = await yargs([...args])
    .scriptName('npm run chaos --')
    .usage(
      '$0 [options]\n\nPlays rooms on a real cluster, breaks things, and checks that no acknowledged move is lost.',
    )
    .option('faults', {
      type: 'string',
      default: 'sigkill,sigterm',
      describe: `of ${names.join(', ')}; with commas; two at a time as sigkill+failover; or matrix, for all`,
    })
    .option('runs', { type: 'number', default: 3, describe: 'how often each fault strikes' })
    .option('minutes', { type: 'number', describe: 'strike for so long, instead of so often' })
    .option('rooms', { type: 'number', default: 100, describe: 'rooms of four clients' })
    .option('seed', {
      type: 'number',
      default: freshSeed,
      defaultDescription: 'random',
      describe: 'of when faults strike',
    })
    .option('instances', { type: 'number', default: 3, describe: 'game instances' })
    .option('seat-delay', { type: 'number', default: 100, describe: 'from seeing the turn to the move, ms' })
    .option('asleep', { type: 'number', default: 60, describe: 'how long devices sleep, s' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .option('report', { type: 'string', default: 'test-output/chaos.html', describe: 'file of the page for people' })
    .option('keep', { type: 'boolean', default: false, describe: 'leave the data folders with the logs' })
    .option('one-cluster', { type: 'boolean', default: false, describe: 'all faults on one cluster and its rooms' })
    .strict()
    .version(false)
    .check(({ runs, minutes, rooms, seed, instances, 'seat-delay': seatDelay, asleep, faults: list }) => {
      if (!whole(runs, 1, 1_000)) throw new Error('--runs must be a whole number, 1 to 1000.');
      if (minutes !== undefined && !(minutes > 0 && minutes <= 10_000)) throw new Error('--minutes must be above 0.');
      if (!whole(rooms, 1, 2_000)) throw new Error('--rooms must be a whole number, 1 to 2000.');
      if (!whole(seed, 0, 2 ** 32 - 1)) throw new Error('--seed must be a whole number, 0 to 4294967295.');
      if (!whole(instances, 2, 16)) throw new Error('--instances must be a whole number, 2 to 16.');
      // A seat that moves at once would run into the limit of messages a second.
      if (!whole(seatDelay, 20, 10_000)) throw new Error('--seat-delay must be a whole number, 20 to 10000.');
      // Instances close a socket with the second ping that it does not answer.
      if (!whole(asleep, 55, 3_600)) throw new Error('--asleep must be a whole number, 55 to 3600.');
      named(list);
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
  // The baseline belongs to every table.
  const chosen = named(`none,${given.faults}`);
  const { runs, minutes, rooms, seed, instances, json, report, keep, oneCluster } = given;
  const [seatDelayMs, asleepMs] = [given.seatDelay, given.asleep * SECOND_MS];
  return {
    faults: chosen,
    runs,
    minutes,
    rooms,
    seed,
    instances,
    seatDelayMs,
    asleepMs,
    json,
    report,
    keep,
    oneCluster,
  };
}
