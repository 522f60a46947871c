/** The command line of `npm run attack`. */
import yargs from 'yargs';
import { ToolFailed } from '../../deploy/ops/tool.js';
import type { Attack } from './attack.js';
import { attacks } from './attacks/all.js';

export interface Options {
  readonly attacks: readonly Attack[];
  /** Of each row's full number. */
  readonly share: number;
  readonly seed: number;
  readonly instances: number;
  readonly stopMs: number;
  readonly json: boolean;
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
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .epilogue(attacks.map(({ name, full, unit, what }) => `${name}: ${full} ${unit}: ${what}`).join('\n'))
    .strict()
    .version(false)
    .check(({ attacks: list, share, seed, instances, 'stop-ms': stopMs }) => {
      if (!(share > 0 && share <= 1)) throw new Error('--share must be above 0 and at most 1.');
      if (!whole(seed, 0, 2 ** 32 - 1)) throw new Error('--seed must be a whole number, 0 to 4294967295.');
      if (!whole(instances, 1, 16)) throw new Error('--instances must be a whole number, 1 to 16.');
      if (!whole(stopMs, 1, 60_000)) throw new Error('--stop-ms must be a whole number, 1 to 60000.');
      const unknown = list.split(',').find((name) => !names.includes(name));
      if (unknown !== undefined) throw new Error(`There is no attack "${unknown}". One of: ${names.join(', ')}.`);
      return true;
    })
    .fail((message, error) => {
      throw new ToolFailed(message || error.message);
    })
    .parseAsync();
  const wanted = new Set(given.attacks.split(','));
  const { share, quick, seed, instances, stopMs, json } = given;
  const chosen = attacks.filter(({ name }) => wanted.has(name));
  return { attacks: chosen, share: quick ? QUICK : share, seed, instances, stopMs, json };
}
