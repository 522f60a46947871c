/**
 * Waits until copies have what a connection has written: on their disks where Redis can tell (WAITAOF, from 7.2 on), else
 * in their memory (WAIT).
 *
 * INVARIANT: it is asked on the connection that wrote; another one knows nothing of the write and is told yes at once.
 */
import { generationOf, type RedisConnection } from './client.js';

/** How long a write may take to reach its copies before it counts as not answered, ms. */
const WAIT_MS = 1_000;
/**
 * The same for WAITAOF, in steps: a copy that is asked as it writes names what it had on disk before, and tells the rest
 * within a second, or when it is asked again (measured with Redis 8: 1.0 s at the most in one step, 0.1 s in these).
 */
const WAITAOF_STEPS_MS = [20, 40, 80, 160, 320, 380];
/** Older than 7.2: it cannot tell. */
const TOO_OLD = /unknown command/i;
/** It could tell; by operators' choice or mistake it does not. */
const NOT_TOLD = /appendonly is disabled|NOPERM/i;

export class Copies {
  /** The generation of the connection in which the server had no WAITAOF. */
  private without: number | undefined;
  private hasTold = false;

  /**
   * @param replicas that must have a write, beside the primary.
   * @param tell hears once why copies confirm from memory although Redis could tell what is on disks.
   */
  constructor(
    private readonly connection: RedisConnection,
    private readonly replicas: number,
    private readonly tell: (why: string) => void = () => undefined,
  ) {}

  /** Whether `replicas` have all that was written here. @throws when Redis does not answer */
  async confirm(): Promise<boolean> {
    const generation = generationOf(this.connection);
    if (this.without !== generation) {
      try {
        return await this.onDisk();
      } catch (error) {
        this.refused(error as Error);
        this.without = generation;
      }
    }
    return (await this.connection.wait(this.replicas, WAIT_MS)) >= this.replicas;
  }

  /** @throws the error when it does not mean that there is no WAITAOF */
  private refused(error: Error): void {
    if (TOO_OLD.test(error.message)) return;
    if (!NOT_TOLD.test(error.message)) throw error;
    if (!this.hasTold) this.tell(error.message);
    this.hasTold = true;
  }

  private async onDisk(): Promise<boolean> {
    for (const ms of WAITAOF_STEPS_MS) {
      const [primary, replicas] = (await this.connection.call('WAITAOF', 1, this.replicas, ms)) as [number, number];
      if (primary >= 1 && replicas >= this.replicas) return true;
    }
    return false;
  }
}
