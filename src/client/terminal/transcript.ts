/** The events of a room as this seat sees them, exactly as received: a file to be compared with other seats'. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { EventFrame } from '../../protocol/client-out.js';
import { UsageError } from './usage-error.js';

export class Transcript {
  private constructor(private readonly file: number) {}

  /** An existing file is replaced. @throws UsageError */
  static open(path: string): Transcript {
    try {
      return new Transcript(openSync(path, 'w'));
    } catch (error) {
      throw new UsageError(`The transcript cannot be written: ${(error as Error).message}.`);
    }
  }

  add({ seq, digest, epoch, at, events }: EventFrame): void {
    writeSync(this.file, `${JSON.stringify({ seq, digest, epoch, at, events })}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}
