/**
 * Whether Redis has space for new rooms. Running tables go on writing when they no longer find a seat for one more:
 * new rooms are refused first, so that Redis does not end on a full disk or refuse commits for want of memory.
 */
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';

export interface StorageDeps {
  readonly redis: { info(section: string): Promise<string> };
  /** Where Redis keeps its files; undefined where that is no folder of this host. */
  readonly folder: string | undefined;
  readonly freeBytes: (folder: string) => Promise<number>;
  /** New rooms are refused while the disk has less than this. */
  readonly minFreeBytes: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
}

/** An answer is good for so long, ms. */
const FRESH_MS = 1_000;
/** New rooms are refused while Redis uses more than this share of its `maxmemory`. */
const MAX_MEMORY_SHARE = 0.9;

export class Storage {
  private last: { readonly at: number; readonly low: Promise<boolean> } | undefined;
  private reported = false;

  constructor(private readonly deps: StorageDeps) {}

  /** True when new rooms are to be refused. What cannot be found out refuses nobody. */
  low(): Promise<boolean> {
    const now = this.deps.clock.monotonic();
    if (this.last === undefined || now - this.last.at >= FRESH_MS) this.last = { at: now, low: this.check() };
    return this.last.low;
  }

  private async check(): Promise<boolean> {
    const { log } = this.deps;
    const shortages = await Promise.all([this.disk(), this.memory()]);
    const low = shortages.filter((shortage) => shortage !== undefined);
    if (low.length > 0 && !this.reported) log.warn({ low }, 'storage is low: new rooms are refused');
    if (low.length === 0 && this.reported) log.info('storage is no longer low');
    this.reported = low.length > 0;
    return low.length > 0;
  }

  private async disk(): Promise<string | undefined> {
    const { folder, freeBytes, minFreeBytes } = this.deps;
    if (folder === undefined) return undefined;
    const free = await freeBytes(folder).catch(() => undefined);
    return free !== undefined && free < minFreeBytes ? `${free} bytes of disk are free` : undefined;
  }

  private async memory(): Promise<string | undefined> {
    const info = await this.deps.redis.info('memory').catch(() => '');
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const [used, max] = [field('used_memory'), field('maxmemory')];
    const policy = /^maxmemory_policy:(allkeys-\w+)/m.exec(info)?.[1];
    // Also far from its limit: what Redis then throws away are rooms that are played.
    if (max > 0 && policy !== undefined) return `Redis evicts rooms when its memory is full (${policy})`;
    return max > 0 && used > max * MAX_MEMORY_SHARE ? `${used} of ${max} bytes of memory are used` : undefined;
  }
}
