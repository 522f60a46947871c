/** A wire that can be cut or slow: between one process and Redis, say. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { testHost } from './host.js';

export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private readonly silent = new WeakSet<Socket>();
  /** How much later the answers of the target arrive, ms. */
  delayMs = 0;
  /** Sees what goes to the target; true keeps it from arriving. */
  intercept: (data: Buffer) => boolean = () => false;
  private isCut = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    /** Where new connections go. */
    public targetPort: number,
  ) {}

  static async to(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, testHost(), resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new TcpProxy(server, address.port, targetPort);
    server.on('connection', (near) => proxy.join(near, connect(proxy.targetPort, testHost())));
    return proxy;
  }

  /** Nothing passes any more, and nobody is told: what a black hole does. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What is connected now passes nothing any more, and nobody is told; new connections pass. */
  silence(): void {
    for (const socket of this.sockets) {
      this.silent.add(socket);
      socket.pause();
    }
  }

  mend(): void {
    this.isCut = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      const waiting: Buffer[] = [];
      let arrives = 0;
      from.on('data', (data: Buffer) => {
        if (this.isCut || (from === near && this.intercept(data)) || this.silent.has(from)) return;
        const now = performance.now();
        // Never before what was on its way already.
        arrives = Math.max(arrives, now + (from === far ? this.delayMs : 0));
        if (arrives <= now && waiting.length === 0) return void to.write(data);
        waiting.push(data);
        setTimeout(() => to.write(waiting.shift() ?? ''), arrives - now);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        if (!this.isCut && !this.silent.has(from)) to.destroy();
      });
    }
    if (this.isCut) for (const socket of [near, far]) socket.pause();
  }
}
