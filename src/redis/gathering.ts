/**
 * A connection that waits for the end of a turn of the event loop: what was asked for meanwhile goes out in one write,
 * and the commits of many rooms go as one script.
 *
 * INVARIANT: every commit is judged by itself, as if it had been sent alone; what is wrong with one stays its own.
 */
import { type Command, Redis, type RedisOptions } from 'ioredis';
import { isWrongServer } from './connection-policy.js';
import { type CommitReply, commitRooms, type ScriptCommands, scripts } from './scripts.js';

interface Commit {
  readonly keysAndArguments: readonly string[];
  resolve(reply: CommitReply): void;
  reject(error: Error): void;
}

/** Redis does nothing else while it runs a script: so many rooms take it less than 1 ms. */
const MOST_COMMITS = 64;

/** The scripts as commands. Not by the library's `defineCommand`: what it adds to each call took a tenth of a move. */
const ScriptedRedis = class extends Redis {} as unknown as new (
  options: RedisOptions,
) => Redis & Omit<ScriptCommands, 'commitRoom'>;
Object.assign(ScriptedRedis.prototype, scripts);

export class GatheringRedis extends ScriptedRedis {
  private gathering = false;
  private commits: Commit[] = [];

  /**
   * The library's own pipelining gathers too, with three more promises for every command. Of a command that is answered
   * nothing is needed: V8 (of Node 24) would keep its arguments, garbage by then, until a full collection.
   */
  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    this.gather();
    const forget = () => {
      command.args.length = 0;
    };
    command.promise.then(forget, forget);
    return super.sendCommand(command, stream);
  }

  commitRoom(...keysAndArguments: string[]): Promise<CommitReply> {
    return new Promise((resolve, reject) => {
      this.commits.push({ keysAndArguments, resolve, reject });
      if (this.commits.length === MOST_COMMITS) this.sendCommits();
      else this.gather();
    });
  }

  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    // There is none before the first attempt to connect.
    const stream: Redis['stream'] | undefined = this.stream;
    stream?.cork();
    setImmediate(() => {
      this.sendCommits();
      this.gathering = false;
      stream?.uncork();
    });
  }

  private sendCommits(): void {
    const { commits } = this;
    if (commits.length === 0) return;
    this.commits = [];
    commitRooms(
      this,
      commits.map(({ keysAndArguments }) => keysAndArguments),
    ).then(
      (replies) => {
        let wrongServer = false;
        for (const [at, { resolve, reject }] of commits.entries()) {
          const reply = replies[at];
          if (reply?.[0] !== 'error') {
            resolve(reply as CommitReply);
            continue;
          }
          reject(new Error(reply[1]));
          // Inside a script's answer the library does not see it.
          if (isWrongServer(reply[1])) wrongServer = true;
        }
        if (wrongServer) this.disconnect(true);
      },
      (error: Error) => {
        for (const { reject } of commits) reject(error);
      },
    );
  }
}
