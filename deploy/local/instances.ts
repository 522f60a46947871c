/** The cluster's game instances, whose number may change while it runs. */

import type { Program } from './child.js';
import { ControlError, type Exit } from './control-protocol.js';
import type { InstanceReady } from './node-programs.js';
import { Supervised, type Surroundings } from './supervised.js';

export interface RunningInstance {
  readonly name: string;
  readonly id: string;
  readonly port: number;
  readonly pid: number;
}

interface Slot {
  readonly supervised: Supervised<InstanceReady>;
  /** Resolves when it has been ready for the first time. */
  readonly started: Promise<InstanceReady>;
  readonly key: string | undefined;
}

/** Enough for a rolling restart of as many as the command line allows. */
const MOST = 128;
/** So many ends are remembered, for those who ask twice. */
const ENDS_KEPT = 256;

export class Instances {
  /** By position, from 1. The position of one that was stopped is taken again, and so is its log. */
  private readonly slots = new Map<number, Slot>();
  private readonly ends = new Map<string, Exit>();
  private closed = false;

  constructor(
    private readonly program: (position: number) => Program<InstanceReady>,
    private readonly around: Surroundings,
  ) {}

  get all(): readonly Supervised<InstanceReady>[] {
    return [...this.slots.values()].map(({ supervised }) => supervised);
  }

  /** Those that are ready. */
  get running(): readonly RunningInstance[] {
    return this.all.flatMap((supervised) => running(supervised) ?? []);
  }

  /**
   * Starts one more; resolves when it is ready.
   * @param key asked for again with the same one, the first is meant.
   * @throws StartFailed, ControlError
   */
  async add(key?: string): Promise<RunningInstance> {
    if (this.closed) throw new ControlError('STOPPING', 'The cluster is being stopped.');
    const known = key === undefined ? undefined : [...this.slots.values()].find((slot) => slot.key === key);
    const slot = known ?? this.open(key);
    await slot.started;
    const instance = running(slot.supervised);
    if (!instance) throw new ControlError('START_FAILED', `${slot.supervised.program.title} has ended again.`);
    return instance;
  }

  /** Stops the one with this id or name; resolves when it has ended. @throws ControlError */
  async stop(which: string): Promise<Exit & { readonly id: string }> {
    const end = this.ends.get(which);
    if (end) return { id: which, ...end };
    for (const [position, { supervised }] of this.slots) {
      const id = supervised.current?.ready.id;
      if (id !== which && supervised.program.logName !== which) continue;
      const exit = await supervised.stop();
      if (this.slots.get(position)?.supervised === supervised) {
        this.slots.delete(position);
        if (id !== undefined) this.remember(id, exit);
        this.around.tell(`${supervised.program.title} stopped (${exit.signal ?? `exit code ${exit.exit_code}`})`);
        this.around.changed();
      }
      return { id: id ?? which, ...exit };
    }
    throw new ControlError(
      'UNKNOWN_INSTANCE',
      `There is no instance ${which}; one that ends unasked comes back under another id.`,
    );
  }

  /** Stops all, side by side, and starts no more. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.all.map((supervised) => supervised.stop()));
  }

  kill(): void {
    this.closed = true;
    for (const supervised of this.all) supervised.kill();
  }

  private open(key: string | undefined): Slot {
    if (this.slots.size >= MOST) throw new ControlError('TOO_MANY', `${MOST} instances run already.`);
    let position = 1;
    while (this.slots.has(position)) position += 1;
    const supervised = new Supervised(this.program(position), this.around);
    const started = supervised.start();
    const slot = { supervised, started, key };
    this.slots.set(position, slot);
    started.then(this.around.changed, () => {
      if (this.slots.get(position) === slot) this.slots.delete(position);
    });
    return slot;
  }

  private remember(id: string, exit: Exit): void {
    this.ends.set(id, exit);
    for (const oldest of this.ends.keys()) {
      if (this.ends.size <= ENDS_KEPT) break;
      this.ends.delete(oldest);
    }
  }
}

function running(supervised: Supervised<InstanceReady>): RunningInstance | undefined {
  const { current, program } = supervised;
  return current && { name: program.logName, id: current.ready.id, port: current.ready.port, pid: current.pid };
}
