/**
 * The address of one Redis node, as clients, replicas and sentinels have it. What it replicates can be held back: should
 * the node die, what is held back dies with it, as on a slow network. Commands of clients can be seen before the node
 * sees them.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A replica says this in the beginning. */
const PSYNC = 'PSYNC';
/** A text that is looked for may be cut in two by the network. */
const OVERLAP = 64;

/** Looks at what a client sends; true: it is not passed on. */
export type Watch = (text: string) => boolean;

export class NodeRelay {
  /** How much later replicas get what the node replicates, ms. */
  lagMs = 0;
  watch: Watch | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async to(target: number): Promise<NodeRelay> {
    const server = createServer();
    const relay = new NodeRelay(server, target);
    server.on('connection', (near) => relay.join(near));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    let isReplica = false;
    let recent = '';
    near.on('data', (data: Buffer) => {
      if (!isReplica) {
        recent = `${recent.slice(-OVERLAP)}${data.toString('latin1')}`;
        isReplica = recent.includes(PSYNC);
        if (this.watch?.(recent)) return;
      }
      far.write(data);
    });
    const held: Buffer[] = [];
    const timers = new Set<NodeJS.Timeout>();
    let arrives = 0;
    far.on('data', (data: Buffer) => {
      const now = performance.now();
      // Never before what was sent earlier, also when the lag has just ended.
      arrives = Math.max(arrives, now + (isReplica ? this.lagMs : 0));
      if (arrives <= now && held.length === 0) return void near.write(data);
      held.push(data);
      const timer = setTimeout(() => {
        timers.delete(timer);
        near.write(held.shift() ?? '');
      }, arrives - now);
      timers.add(timer);
    });
    near.on('close', () => {
      for (const timer of timers) clearTimeout(timer);
    });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
