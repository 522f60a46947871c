/** The command line of `npm run simulate`. */
import yargs from 'yargs';

export interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly json: boolean;
  readonly story: boolean;
  readonly first: boolean;
  readonly shrink: boolean;
  readonly coverage: boolean;
  /** Places in the story of the seed, from 1; undefined: all. */
  readonly faults: readonly number[] | undefined;
}

/** Of the faults of a seed. */
export const NONE = 'none';

const whole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;

/** Numbers with commas. @throws Error with one line */
function places(list: string): number[] {
  const found = list === NONE ? [] : list.split(',').map(Number);
  if (found.every((place) => whole(place, 1, 1_000))) return found;
  throw new Error(`--faults must be numbers with commas, as 1,4, or ${NONE}.`);
}

/** @throws Error with one line about the first mistake. */
export async function parseOptions(args: readonly string[]): Promise<Options> {
  const { faults, ...given } = await yargs([...args])
    .scriptName('npm run simulate --')
    .usage('$0 [options]\n\nPlays whole clusters in one thread, each with its faults from one seed, and checks them.')
    .option('seeds', { type: 'number', default: 100, describe: 'how many' })
    .option('from', { type: 'number', default: 1, describe: 'the first of them' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .option('first', { type: 'boolean', default: false, describe: 'end with the first violation' })
    .option('story', { type: 'boolean', default: false, describe: 'tell the faults of every seed' })
    .option('coverage', { type: 'boolean', default: false, describe: 'tell what was exercised, and how often' })
    .option('shrink', {
      type: 'boolean',
      default: false,
      describe: 'of a violation, find the fewest faults that lead to it',
    })
    .option('faults', { type: 'string', describe: `of one seed, only these: numbers with commas, or ${NONE}` })
    .strict()
    .version(false)
    .check(({ seeds, from, faults, shrink }) => {
      if (!whole(seeds, 1, 10_000_000)) throw new Error('--seeds must be a whole number, 1 to 10000000.');
      if (!whole(from, 0, 2 ** 32 - 1)) throw new Error('--from must be a whole number, 0 to 4294967295.');
      if (faults !== undefined && seeds !== 1) throw new Error('--faults needs --seeds 1.');
      if (faults !== undefined && shrink) throw new Error('--shrink finds the --faults: not both.');
      places(faults ?? NONE);
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
  return { ...given, faults: faults === undefined ? undefined : places(faults) };
}
