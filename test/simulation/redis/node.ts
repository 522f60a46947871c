/** One Redis process of a simulated cluster: its data, its place in the replication, and the clock of its host. */
import { Dataset, READS } from './dataset.js';
import type { Call, Reply } from './lua.js';
import type { RedisScripts } from './scripts.js';

/** One command as it was sent. */
export type Request = readonly [name: string, ...args: string[]];

/** One entry of the replication log. */
export interface Write {
  /** Clock of the primary at which it was executed: a replica repeats it with this time, as real ones get absolute TTLs. */
  readonly now: number;
  readonly request: Request;
}

/** What became of one request. */
export interface Executed {
  readonly reply: Reply;
  readonly wrote: boolean;
}

export class Node {
  data = new Dataset();
  /** Everything that was written here, in order: what replicas follow, and what a restart reads. */
  log: Write[] = [];
  /** How much of this primary's log each replica has confirmed. */
  readonly confirmed = new Map<Node, number>();
  /** False while its process or its host is gone. */
  alive = true;
  /** Refuses writes: it follows another node and knows it. */
  readOnly = false;
  /** The host's clock less the world's, ms. */
  clockOffset = 0;
  /** How far this replica is behind at present, ms, where that is more than usual. */
  behindMs = 0;
  /** Requests wait until then, world ms. */
  pausedUntil = 0;

  constructor(
    readonly name: string,
    private readonly scripts: RedisScripts,
  ) {}

  /** Runs a request at `now` of its clock. @throws Error as Redis answers it */
  execute(now: number, [name, ...args]: Request): Executed {
    let wrote = false;
    const call: Call = (command, ...given) => {
      if (!READS.has(command)) {
        if (this.readOnly) throw new Error("READONLY You can't write against a read only replica.");
        wrote = true;
      }
      return this.data.call(now, command, given);
    };
    const script = this.scripts.get(name);
    const reply = script ? script.run(call, args.slice(0, script.keys), args.slice(script.keys)) : call(name, ...args);
    return { reply, wrote };
  }

  /** Repeats what its primary has written. */
  apply({ now, request }: Write): void {
    const wasReadOnly = this.readOnly;
    this.readOnly = false;
    this.execute(now, request);
    this.readOnly = wasReadOnly;
  }
}
