/** The load generator as the bench uses it. */
import { fileURLToPath } from 'node:url';
import type { Order, Played } from './generator/protocol.js';
import { LOAD_CORE, Pinned } from './processes.js';

const PROGRAM = fileURLToPath(new URL('generator/main.js', import.meta.url));

/** What a server has served before its figures count, moves: later its compiler has hardly anything left to do. */
const WARM_MOVES = 30_000;
const WARM_SLICE_MS = 1_000;
/** Before a run, ms: meanwhile a server gets back its place in the processor's caches, which the others have taken. */
const LEAD_IN_MS = 60;

type Answer = { readonly id: number; readonly played: Played } | { readonly id: number; readonly error: string };

export class Load {
  private readonly process = Pinned.spawn(LOAD_CORE, process.execPath, [PROGRAM], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private orders = 0;

  constructor() {
    this.process.onMessage((message) => {
      const answer = message as Answer;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    this.process.onExit(() => {
      for (const [id, answer] of this.waiting) answer({ id, error: 'the load generator has ended' });
    });
  }

  /** @throws what went wrong in the generator */
  async order(order: Order): Promise<Played> {
    const id = this.orders++;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.process.send({ id, order });
    const answer = await answered;
    if ('error' in answer) throw new Error(answer.error);
    return answer.played;
  }

  /** Plays on the tables of a set, flat out, until their server is warm. */
  async warmUp(set: string, wanted = WARM_MOVES): Promise<void> {
    for (let made = 0; made < wanted; ) {
      const { moves } = await this.order({ do: 'play', set, ms: WARM_SLICE_MS });
      if (moves === 0) throw new Error(`${set}: nobody moves`);
      made += moves;
    }
  }

  /** Plays on the tables of these sets before what is measured, and is not. */
  async leadIn(...sets: readonly string[]): Promise<void> {
    await Promise.all(sets.map((set) => this.order({ do: 'play', set, ms: LEAD_IN_MS })));
  }

  cpuUs(): number {
    return this.process.cpuUs();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
