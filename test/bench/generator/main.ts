/** The load generator: a process of its own, so that its work is not the server's, nor the clock's. */
import { type DialectName, dialects } from './dialects.js';
import { HokmTable } from './hokm-table.js';
import { NOTHING, type Order, type Played } from './protocol.js';
import { RelayTable } from './relay-table.js';
import type { Table } from './table.js';

/** A move that takes longer is lost, ms. */
const REST_MS = 30_000;

class TableSet {
  private readonly tables: Table[] = [];
  private readonly ready = new Set<Table>();
  private running = false;
  private moves = 0;
  private missed = 0;
  private latencies: number[] | undefined;
  private onRest: (() => void) | undefined;

  async open(order: Extract<Order, { do: 'open' }>): Promise<void> {
    const codes = [...order.codes];
    const sit = async () => {
      for (let code = codes.pop(); code !== undefined; code = codes.pop()) {
        const table = this.make(order.dialect, order.port, code);
        await table.open();
        this.tables.push(table);
        this.ready.add(table);
        table.listener = { moved: (one) => this.moved(one), heard: (ms) => this.latencies?.push(ms) };
      }
    };
    await Promise.all(Array.from({ length: order.parallel }, sit));
  }

  start(): void {
    this.running = true;
    const ready = [...this.ready];
    this.ready.clear();
    for (const table of ready) table.move();
  }

  /** Resolves when no move is under way. */
  async halt(): Promise<void> {
    this.running = false;
    if (this.ready.size === this.tables.length) return;
    await new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`${this.tables.length - this.ready.size} tables wait for their last move`));
      const timer = setTimeout(late, REST_MS);
      this.onRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async play(ms: number): Promise<Played> {
    this.start();
    await pause(ms);
    await this.halt();
    return this.take();
  }

  async pace(ms: number, perSecond: number): Promise<Played> {
    this.latencies = [];
    const startedAt = performance.now();
    for (let due = 0, elapsed = 0; elapsed < ms; elapsed = performance.now() - startedAt) {
      for (; due < (elapsed * perSecond) / 1_000; due++) {
        const [table] = this.ready;
        if (table) {
          this.ready.delete(table);
          table.move();
        } else {
          this.missed += 1;
        }
      }
      await pause(1);
    }
    await this.halt();
    return this.take();
  }

  close(): void {
    for (const table of this.tables) table.close();
  }

  /** What was counted since the last time. */
  take(): Played {
    const returns = this.tables.reduce((sum, table) => sum + (table instanceof HokmTable ? table.returns : 0), 0);
    const played = { moves: this.moves, missed: this.missed, latencies: this.latencies ?? [], returns };
    this.moves = 0;
    this.missed = 0;
    this.latencies = undefined;
    return played;
  }

  private make(dialect: DialectName, port: number, code: string): Table {
    const number = this.tables.length;
    if (dialect === 'hokm' || dialect === 'lobby') return new HokmTable(number, code, port, dialect === 'hokm');
    return new RelayTable(number, code, port, dialects[dialect]);
  }

  private moved(table: Table): void {
    this.moves += 1;
    if (this.running) return table.move();
    this.ready.add(table);
    if (this.ready.size === this.tables.length) this.onRest?.();
  }
}

const sets = new Map<string, TableSet>();

async function follow(order: Order): Promise<Played> {
  const set = sets.get(order.set) ?? new TableSet();
  sets.set(order.set, set);
  switch (order.do) {
    case 'open':
      await set.open(order);
      return NOTHING;
    case 'play':
      return set.play(order.ms);
    case 'pace':
      return set.pace(order.ms, order.perSecond);
    case 'start':
      set.start();
      return NOTHING;
    case 'halt':
      await set.halt();
      return set.take();
    case 'close':
      set.close();
      sets.delete(order.set);
      return NOTHING;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  follow(order).then(
    (played) => process.send?.({ id, played }),
    (error: Error) => process.send?.({ id, error: error.message }),
  );
});
process.on('disconnect', () => process.exit());
