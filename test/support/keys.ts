/** The names in the Redis of a cluster that was given no prefix. A test may write `'ABCD0000'` for a room code. */
import { DEFAULT_PREFIX } from '../../src/config.js';
import { type Keyspace, keyspaceOf } from '../../src/redis/keys.js';

/** With plain texts where the software wants its own kinds of ids. */
type Plain<Names> = {
  readonly [Name in keyof Names]: Names[Name] extends (id: never) => string
    ? (id: string | undefined) => string
    : Names[Name] extends object
      ? Plain<Names[Name]>
      : Names[Name];
};

export const KEYS = keyspaceOf(DEFAULT_PREFIX) as Plain<Keyspace>;
