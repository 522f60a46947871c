/**
 * Instances as processes of this machine. The supervisor of `npm start` alone owns them; this asks it, so that they outlive
 * an autoscaler that dies, and nobody starts again what was stopped on request.
 */
import { askSupervisor, ControlError } from '../../deploy/local/control-protocol.js';
import { Fencing } from '../../src/cluster/fencing.js';
import { assertCurrent, type Driver, DriverError, find, type Listed, type Target } from './driver.js';

/** The two requests of the supervisor's socket that change something, and the one that shows. */
export interface Supervisor {
  list(): Promise<readonly Listed[]>;
  /** Resolves when it is ready; sent again with one key it starts one. */
  add(key: string, fencing: number): Promise<void>;
  /** Resolves when it has ended. */
  stop(which: string, fencing: number): Promise<void>;
}

/** Orders are on their way once the socket has taken them; the rest is the supervisor's. */
const SETTLE_MS = 5_000;

export class ProcessDriver implements Driver {
  readonly name = 'process';
  readonly startsOnce = true;
  private readonly fencing = new Fencing();
  private readonly underWay = new Set<Promise<void>>();
  private failed: string[] = [];

  constructor(
    private readonly supervisor: Supervisor,
    private readonly settleMs = SETTLE_MS,
  ) {}

  async start(key: string, fencing: number): Promise<undefined> {
    assertCurrent(this.fencing, fencing);
    // Asked first, so that a supervisor that is not there is told at once.
    await this.list();
    this.track(
      this.supervisor.add(key, fencing).catch((error: unknown) => {
        this.failed.push(key);
        throw error;
      }),
    );
  }

  async stop(target: Target, fencing: number): Promise<void> {
    assertCurrent(this.fencing, fencing);
    const listed = find(await this.list(), target);
    if (listed) this.track(this.supervisor.stop(listed.id ?? listed.handle, fencing));
  }

  async list(): Promise<readonly Listed[]> {
    return this.supervisor.list();
  }

  takeFailures(): readonly string[] {
    const failed = this.failed;
    this.failed = [];
    return failed;
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.settleMs);
    });
    await Promise.race([Promise.allSettled([...this.underWay]), late]);
    clearTimeout(timer);
  }

  private track(order: Promise<void>): void {
    const settled = order.then(
      () => undefined,
      () => undefined,
    );
    this.underWay.add(settled);
    void settled.then(() => this.underWay.delete(settled));
  }
}

/** The supervisor behind its control socket. */
export function supervisorAt(socketPath: string): Supervisor {
  const told = (error: unknown): never => {
    throw error instanceof ControlError ? new DriverError(error.message) : error;
  };
  return {
    async list() {
      const { children } = await askSupervisor(socketPath, { request: 'list' }, 5_000).catch(told);
      return children
        .filter(({ kind, state }) => kind === 'instance' && state !== 'stopping')
        .map(({ name, id }) => ({ handle: name, ...(id === null ? {} : { id }) }));
    },
    async add(key, fencing) {
      await askSupervisor(socketPath, { request: 'add-instance', key, fencing }).catch(told);
    },
    async stop(which, fencing) {
      await askSupervisor(socketPath, { request: 'stop-instance', id: which, fencing }).catch(told);
    },
  };
}
