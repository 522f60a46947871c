/** Seats that are played on a device that can fall asleep: a process of its own, which then stands still. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';
import { end, spawnOwned, until } from '../support/programs.js';
import type { ClientHistory } from './history.js';
import type { LentSeat, Load } from './load.js';
import type { FromDevice, ToDevice } from './sleeping-device.js';
import type { SocketTap } from './tapped-socket.js';

const PROGRAM = fileURLToPath(new URL('dist/test/chaos/sleeping-device.js', packageRoot));
const PLAYING_MS = 30_000;
const REST_MS = 40_000;

export class Sleepers {
  /** By the number of their socket. */
  private readonly taps: SocketTap[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly guard: ChildProcess,
    /** In the order of their seats. */
    private readonly clients: readonly ClientHistory[],
  ) {
    child.on('message', (message: FromDevice) => this.note(message));
  }

  /** Resolves when each has had a move. */
  static async start({ url, seatDelayMs }: Load, lent: readonly LentSeat[]): Promise<Sleepers> {
    const clients = lent.map(({ history }) => history);
    const seats = lent.map(({ room, seat, token }) => ({ room, seat, token }));
    const child = spawnOwned(process.execPath, [PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    // Who stands still does not see that its parent has ended. The guard's input ends with that, and it ends the device.
    const watch = ['-c', 'read -r _; kill -KILL "$0"', String(child.pid)];
    const guard = spawnOwned('sh', watch, { stdio: ['pipe', 'ignore', 'ignore'] });
    const sleepers = new Sleepers(child, guard, clients);
    const since = performance.now();
    sleepers.tell({ type: 'play', url, seatDelayMs, seats });
    const moved = ({ commands }: ClientHistory) =>
      [...commands.values()].some(({ sentAt, acks }) => sentAt >= since && acks.length > 0);
    await until('a move of everybody who will sleep', () => clients.every(moved), PLAYING_MS).catch(async (error) => {
      await Promise.all([end(child), end(guard)]);
      throw error;
    });
    return sleepers;
  }

  /** At once, with all that is under way. */
  sleep(): void {
    this.tell({ type: 'sleep' });
  }

  wake(): void {
    this.child.kill('SIGCONT');
  }

  /** Lets what is under way be answered, and leaves the seats to others. */
  async stop(): Promise<void> {
    const { child, guard } = this;
    if (child.exitCode === null && child.signalCode === null) {
      this.wake();
      this.tell({ type: 'rest' });
      const late = setTimeout(() => child.kill('SIGKILL'), REST_MS);
      await once(child, 'exit');
      clearTimeout(late);
    }
    await end(guard);
  }

  private tell(message: ToDevice): void {
    this.child.send(message);
  }

  private note(message: FromDevice): void {
    switch (message.type) {
      case 'dialled': {
        const tap = this.clients[message.client]?.tap();
        if (tap) this.taps[message.line] = tap;
        return;
      }
      case 'opened':
        return this.taps[message.line]?.opened();
      case 'sent': {
        const client = this.clients[message.client];
        if (client) client.due = message.due - performance.timeOrigin;
        void this.taps[message.line]?.sent(message.text);
        return this.tell({ type: 'noted' });
      }
      case 'received':
        return this.taps[message.line]?.received(message.text);
      case 'closed':
        return this.taps[message.line]?.closed(message.code);
      case 'saw':
        return this.clients[message.client]?.noteView(message.seq, message.view, 'folded');
    }
  }
}
