/** The command line of `npm run simulate`. */
import yargs from 'yargs';

export interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly json: boolean;
  readonly story: boolean;
  readonly first: boolean;
}

const whole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

/** @throws Error with one line about the first mistake. */
export async function parseOptions(args: readonly string[]): Promise<Options> {
  return yargs([...args])
    .scriptName('npm run simulate --')
    .usage('$0 [options]\n\nPlays whole clusters in one thread, each with its faults from one seed, and checks them.')
    .option('seeds', { type: 'number', default: 100, describe: 'how many' })
    .option('from', { type: 'number', default: 1, describe: 'the first of them' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .option('first', { type: 'boolean', default: false, describe: 'end with the first violation' })
    .option('story', { type: 'boolean', default: false, describe: 'tell the faults of every seed' })
    .strict()
    .version(false)
    .check(({ seeds, from }) => {
      if (!whole(seeds, 1, 10_000_000)) throw new Error('--seeds must be a whole number, 1 to 10000000.');
      if (!whole(from, 0, 2 ** 32 - 1)) throw new Error('--from must be a whole number, 0 to 4294967295.');
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
}
