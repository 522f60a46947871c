/** A disk whose fsync can be slow, and that can lose its power: Redis' own calls, changed by a preloaded library. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';
import { compileLibrary } from './compiler.js';

const SOURCE = fileURLToPath(new URL('test/chaos/slow-disk.c', packageRoot));

export class SlowDisk {
  private constructor(
    private readonly control: string,
    private readonly library: string,
  ) {}

  /** @throws Error with what the compiler says. */
  static make(folder: string): SlowDisk {
    const control = join(folder, 'slow-disk');
    mkdirSync(`${control}.synced`, { recursive: true });
    return new SlowDisk(control, compileLibrary(folder, 'slow-disk', readFileSync(SOURCE, 'utf8')));
  }

  /** For all programs of a cluster; it concerns redis-server alone. */
  get environment(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.library, HOKM_SLOW_DISK: this.control };
  }

  /** Makes every fsync take `ms` longer; 0 ends that. */
  slow(ms: number): void {
    if (ms === 0) rmSync(this.control, { force: true });
    else writeFileSync(this.control, String(ms));
  }

  /** The next Redis finds only what was synced. */
  losePower(): void {
    writeFileSync(`${this.control}.power-lost`, '');
  }
}
