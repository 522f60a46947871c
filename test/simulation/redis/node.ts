/** One Redis process of a simulated cluster: its data, its place in the replication, and the clock of its host. */
import { Dataset, READS } from './dataset.js';
import type { Call, Reply } from './lua.js';
import { load, type ScriptRun, scriptOf } from './scripts.js';

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
  /** The scripts that it ran. */
  readonly ran?: { readonly name: string; readonly runs: readonly ScriptRun[] };
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
  /** Scripts that can be run by their hash. */
  private readonly loaded = new Set<string>();

  constructor(readonly name: string) {}

  /** As after SCRIPT FLUSH, or a restart. */
  forgetScripts(): void {
    this.loaded.clear();
  }

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
    if (name === 'INFO') return { reply: `role:${this.readOnly ? 'slave' : 'master'}\r\n`, wrote };
    if (name !== 'EVALSHA' && name !== 'EVAL') return { reply: call(name, ...args), wrote };
    const [text = '', keys = '0', ...given] = args;
    const hash = name === 'EVAL' ? load(text) : text;
    const script = this.loaded.has(hash) || name === 'EVAL' ? scriptOf(hash) : undefined;
    if (!script) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
    this.loaded.add(hash);
    const split = [given.slice(0, Number(keys)), given.slice(Number(keys))] as const;
    const reply = script.run(call, ...split);
    return { reply, wrote, ran: { name: script.name, runs: script.runs(...split, reply) } };
  }

  /** Repeats what its primary has written. */
  apply({ now, request }: Write): void {
    const { readOnly } = this;
    this.readOnly = false;
    // Replicas get what a script does, and need not know it.
    const [name, hash = ''] = request;
    const wasLoaded = this.loaded.has(hash);
    if (name === 'EVALSHA') this.loaded.add(hash);
    this.execute(now, request);
    if (name === 'EVALSHA' && !wasLoaded) this.loaded.delete(hash);
    this.readOnly = readOnly;
  }
}
