/** The sockets that have not said hello: one timer for all, as each of them has equally long. */
import type { Ticks } from '../runtime/clock.js';
import { HELLO_TIMEOUT_MS } from './limits.js';

interface Silent {
  close(code: 'HELLO_EXPECTED'): void;
}

export class HelloDeadlines {
  /** When each one's time ends, monotonic ms; who has waited longest comes first. */
  private readonly ends = new Map<Silent, number>();
  private armed = false;

  constructor(private readonly clock: Ticks) {}

  start(socket: Silent): void {
    this.ends.set(socket, this.clock.monotonic() + HELLO_TIMEOUT_MS);
    if (!this.armed) this.arm(HELLO_TIMEOUT_MS);
  }

  /** The socket has said hello, or is closed. */
  stop(socket: Silent): void {
    this.ends.delete(socket);
  }

  private arm(forMs: number): void {
    this.armed = true;
    this.clock.after(forMs, () => {
      this.armed = false;
      const now = this.clock.monotonic();
      for (const [socket, end] of this.ends) {
        if (end > now) return this.arm(end - now);
        this.ends.delete(socket);
        socket.close('HELLO_EXPECTED');
      }
    });
  }
}
