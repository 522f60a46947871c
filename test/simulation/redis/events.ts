/** What a simulated Redis is told to be, and what it tells of. */
import type { Reply } from './lua.js';
import type { ReplicationOptions } from './replication.js';

/** Where a request is: it has just arrived, or been executed and not yet answered. */
export type Stage = 'arrived' | 'executed';

export interface ServerEvents {
  /** A script has run; `end` is the length of the primary's log behind it, undefined where another node ran it. */
  ran(name: string, args: readonly string[], reply: Reply, end: number | undefined): void;
  /** A copy has something more. */
  copied(): void;
  /** The primary's log is shorter than it was. */
  shortened(): void;
  /** A fault may strike here. */
  moment(stage: Stage, name: string): void;
}

export interface ServerOptions extends ReplicationOptions {
  /** It knows WAITAOF. */
  readonly tellsOfDisks: boolean;
  /** The primary's clock when the world begins, ms since the epoch. */
  readonly startsAt: number;
}
