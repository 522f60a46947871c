/**
 * Commits of many rooms that are asked for together go to Redis as one script.
 *
 * INVARIANT: every commit is judged by itself, as if it had been sent alone; what is wrong with one stays its own.
 */
import { isWrongServer } from './connection-policy.js';
import { type CommitReply, commitRooms, type ScriptRunner } from './scripts.js';

interface Commit {
  readonly keysAndArguments: readonly string[];
  resolve(reply: CommitReply): void;
  reject(error: Error): void;
}

/** Redis does nothing else while it runs a script: so many rooms take it less than 1 ms. */
const MOST_COMMITS = 64;

export class GatheredCommits {
  private commits: Commit[] = [];

  /** @param leave is called when an answer says that the server is no primary (any more). */
  constructor(
    private readonly redis: ScriptRunner,
    private readonly leave: () => void,
  ) {}

  /** Takes a commit for the next `send`; as many as Redis may run at once are sent immediately. */
  add(keysAndArguments: readonly string[]): Promise<CommitReply> {
    return new Promise((resolve, reject) => {
      this.commits.push({ keysAndArguments, resolve, reject });
      if (this.commits.length === MOST_COMMITS) this.send();
    });
  }

  /** Sends what has been gathered, if anything. */
  send(): void {
    const { commits } = this;
    if (commits.length === 0) return;
    this.commits = [];
    commitRooms(
      this.redis,
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
        if (wrongServer) this.leave();
      },
      (error: Error) => {
        for (const { reject } of commits) reject(error);
      },
    );
  }
}
