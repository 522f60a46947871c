/** The command line of `npm run chaos`. */
import yargs from 'yargs';
import { faults } from './faults/all.js';
import type { Fault } from './faults/fault.js';

export interface Options {
  readonly faults: readonly Fault[];
  readonly runs: number;
  readonly rooms: number;
  readonly seed: number;
  readonly instances: number;
  readonly seatDelayMs: number;
  readonly json: boolean;
  readonly keep: boolean;
  readonly oneCluster: boolean;
}

const whole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

/** @throws Error with one line about the first mistake. */
export async function parseOptions(args: readonly string[], freshSeed: number): Promise<Options> {
  const names = [...faults.keys()];
  const given = await yargs([...args])
    .scriptName('npm run chaos --')
    .usage(
      '$0 [options]\n\nPlays rooms on a real cluster, breaks things, and checks that no acknowledged move is lost.',
    )
    .option('faults', { type: 'string', default: 'sigkill,sigterm', describe: `of ${names.join(', ')}, with commas` })
    .option('runs', { type: 'number', default: 3, describe: 'how often each fault strikes' })
    .option('rooms', { type: 'number', default: 100, describe: 'rooms of four clients' })
    .option('seed', {
      type: 'number',
      default: freshSeed,
      defaultDescription: 'random',
      describe: 'of when faults strike',
    })
    .option('instances', { type: 'number', default: 3, describe: 'game instances' })
    .option('seat-delay', { type: 'number', default: 100, describe: 'from seeing the turn to the move, ms' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .option('keep', { type: 'boolean', default: false, describe: 'leave the data folders with the logs' })
    .option('one-cluster', { type: 'boolean', default: false, describe: 'all faults on one cluster and its rooms' })
    .strict()
    .version(false)
    .check(({ runs, rooms, seed, instances, 'seat-delay': seatDelay, faults: list }) => {
      if (!whole(runs, 1, 1_000)) throw new Error('--runs must be a whole number, 1 to 1000.');
      if (!whole(rooms, 1, 2_000)) throw new Error('--rooms must be a whole number, 1 to 2000.');
      if (!whole(seed, 0, 2 ** 32 - 1)) throw new Error('--seed must be a whole number, 0 to 4294967295.');
      if (!whole(instances, 2, 16)) throw new Error('--instances must be a whole number, 2 to 16.');
      // A seat that moves at once would run into the limit of messages a second.
      if (!whole(seatDelay, 20, 10_000)) throw new Error('--seat-delay must be a whole number, 20 to 10000.');
      const unknown = list.split(',').find((name) => !faults.has(name));
      if (unknown !== undefined) throw new Error(`There is no fault "${unknown}". One of: ${names.join(', ')}.`);
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
  // The baseline belongs to every table.
  const wanted = new Set(['none', ...given.faults.split(',')]);
  const { runs, rooms, seed, instances, seatDelay: seatDelayMs, json, keep, oneCluster } = given;
  const chosen = [...wanted].flatMap((name) => faults.get(name) ?? []);
  return { faults: chosen, runs, rooms, seed, instances, seatDelayMs, json, keep, oneCluster };
}
