/**
 * A connection that waits for the end of a turn of the event loop: what was asked for meanwhile goes out in one write,
 * and the commits of many rooms go as one script.
 */
import { type Command, Redis, type RedisOptions } from 'ioredis';
import { GatheredCommits } from './commits.js';
import { type CommitReply, type ScriptCommands, scripts } from './scripts.js';

/** The scripts as commands. Not by the library's `defineCommand`: what it adds to each call took a tenth of a move. */
const ScriptedRedis = class extends Redis {} as unknown as new (
  options: RedisOptions,
) => Redis & Omit<ScriptCommands, 'commitRoom'>;
Object.assign(ScriptedRedis.prototype, scripts);

export class GatheringRedis extends ScriptedRedis {
  private gathering = false;
  private readonly commits = new GatheredCommits(this, () => this.disconnect(true));

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
    const reply = this.commits.add(keysAndArguments);
    this.gather();
    return reply;
  }

  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    // There is none before the first attempt to connect.
    const stream: Redis['stream'] | undefined = this.stream;
    stream?.cork();
    setImmediate(() => {
      this.commits.send();
      this.gathering = false;
      stream?.uncork();
    });
  }
}
