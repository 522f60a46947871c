/** A disk that is soon full: memory, mounted where nobody outside of this program's mount namespace sees it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { insideNamespace } from './namespace.js';

const SIZE = '48m';

export class SmallDisk {
  /** Instances are told to open no new rooms below this. */
  static readonly minFreeMb = 8;

  private constructor(private readonly folder: string) {}

  /** @throws Error outside of a namespace. */
  static mount(folder: string): SmallDisk {
    if (!insideNamespace) throw new Error('a small disk is mounted in a namespace only');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  unmount(): void {
    execFileSync('umount', [this.folder]);
  }
}
