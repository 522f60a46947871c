/** The command line of `npm run attack`. */
import yargs from 'yargs';
import { ToolFailed } from '../../deploy/ops/tool.js';
import type { Attack } from './attack.js';
import { attacks } from './attacks/all.js';
import { mixable } from './mixture.js';

export interface Options {
  readonly attacks: readonly Attack[];
  /** Of each row's full number. */
  readonly share: number;
  readonly seed: number;
  readonly instances: number;
  readonly stopMs: number;
  readonly json: boolean;
  /** All chosen attacks beside one another for so many seconds; 0: one after the other, as rows. */
  readonly mixture: number;
  /** Healthy ones beside the mixture. */
  readonly rooms: number;
  /** Bound of the healthy moves' p99, in that beside as much that is well-formed. */
  readonly ratio: number;
}

const QUICK = 0.0005;
const whole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

/** @throws ToolFailed with one line about the first mistake. */
export async function parseOptions(args: readonly string[], freshSeed: number): Promise<Options> {
  const names = attacks.map(({ name }) => name);
  const given = await yargs([...args])
    .scriptName('npm run attack --')
    .usage(
      '$0 [options]\n\nAttacks a cluster of its own while rooms are played on it, and checks that every bound holds.',
    )
    .option('attacks', {
      type: 'string',
      default: names.join(','),
      defaultDescription: 'all',
      describe: 'some of the attacks below, with commas',
    })
    .option('share', { type: 'number', default: 1, describe: "of each attack's full number, above 0 to 1" })
    .option('quick', { type: 'boolean', default: false, describe: `the same as --share ${QUICK}` })
    .option('seed', { type: 'number', default: freshSeed, defaultDescription: 'random', describe: 'of what is sent' })
    .option('instances', { type: 'number', default: 2, describe: 'game instances' })
    .option('stop-ms', { type: 'number', default: 1_000, describe: 'bound of the time of healthy moves, p99' })
    .option('mixture', {
      type: 'number',
      default: 0,
      describe: 'seconds: attacks by chance beside one another, then as much that is well-formed; 0: one by one',
    })
    .option('rooms', { type: 'number', default: 60, describe: 'healthy rooms beside the mixture' })
    .option('ratio', {
      type: 'number',
      default: 3,
      describe: 'bound of the p99 beside the mixture, in that beside what is well-formed',
    })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .epilogue(attacks.map(({ name, full, unit, what }) => `${name}: ${full} ${unit}: ${what}`).join('\n'))
    .strict()
    .version(false)
    .check(({ attacks: list, share, seed, instances, 'stop-ms': stopMs, mixture, rooms, ratio }) => {
      if (!(share > 0 && share <= 1)) throw new Error('--share must be above 0 and at most 1.');
      if (!whole(seed, 0, 2 ** 32 - 1)) throw new Error('--seed must be a whole number, 0 to 4294967295.');
      if (!whole(instances, 1, 16)) throw new Error('--instances must be a whole number, 1 to 16.');
      if (!whole(stopMs, 1, 60_000)) throw new Error('--stop-ms must be a whole number, 1 to 60000.');
      if (!whole(mixture, 0, 86_400)) throw new Error('--mixture must be a whole number of seconds, 0 to 86400.');
      if (!whole(rooms, 1, 500)) throw new Error('--rooms must be a whole number, 1 to 500.');
      if (!(ratio >= 1)) throw new Error('--ratio must be at least 1.');
      const unknown = list.split(',').find((name) => !names.includes(name));
      if (unknown !== undefined) throw new Error(`There is no attack "${unknown}". One of: ${names.join(', ')}.`);
      return true;
    })
    .fail((message, error) => {
      throw new ToolFailed(message || error.message);
    })
    .parseAsync();
  const wanted = new Set(given.attacks.split(','));
  const { share, quick, seed, instances, stopMs, json, mixture, rooms, ratio } = given;
  const named = attacks.filter(({ name }) => wanted.has(name));
  const chosen = mixture === 0 ? named : mixable(named);
  return { attacks: chosen, share: quick ? QUICK : share, seed, instances, stopMs, json, mixture, rooms, ratio };
}
