/** Looks through what was sent in a thread of its own: it takes long, and the players of this process must not wait. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Viewer } from '../../src/game/game.js';
import type { ClientOut } from '../../src/protocol/client-out.js';
import { NO_DIGEST } from '../../src/room/history.js';
import type { Entry, RoomHead } from '../../src/room/state.js';
import type { StoredEntry } from '../../src/room/store.js';
import { hidesSecrets } from '../room/secrets.js';

/** A room from its beginning, and everything that anybody was sent of it. */
export interface Sent {
  readonly head: RoomHead;
  readonly log: readonly StoredEntry[];
  /** Frames as they came. */
  readonly shown: readonly { readonly viewer: Viewer; readonly text: string }[];
  /** Of the seats' tokens. */
  readonly hashes: readonly string[];
}

/** What a thread of this kind is told that it is. */
const TASK = 'look through what was sent';

export class LookThrough {
  private readonly worker = new Worker(new URL(import.meta.url), { workerData: TASK });
  private readonly waiting: ((wrong: string) => void)[] = [];

  constructor() {
    this.worker.on('message', (wrong: string) => this.waiting.shift()?.(wrong));
  }

  /** What somebody was told who may not know it; empty when nothing was found. */
  check(sent: Sent): Promise<string> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.worker.postMessage(sent);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

function wrongIn({ head, log, shown, hashes }: Sent): string {
  try {
    const entries = log.map(({ seq, text }) => ({ seq, text, digest: NO_DIGEST, entry: JSON.parse(text) as Entry }));
    const frames = shown.map(({ viewer, text }) => ({ viewer, text, frame: JSON.parse(text) as ClientOut }));
    hidesSecrets(head, entries, frames, new Set(hashes));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

// Other threads load this too.
if (workerData === TASK) parentPort?.on('message', (sent: Sent) => parentPort?.postMessage(wrongIn(sent)));
