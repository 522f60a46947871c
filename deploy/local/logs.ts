/** All logs of a cluster, kept short while it runs. */
import type { Clock, Timer } from '../../src/runtime/clock.js';
import { LogFile } from './log-file.js';

/** Between two looks at how long the logs are, ms. */
const LOOK_MS = 1_000;

export class Logs {
  private readonly files = new Map<string, LogFile>();
  private timer: Timer | undefined;
  /** Complaints, each once. */
  private readonly told = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly tell: (line: string) => void,
  ) {}

  /** Of the program that is called so; the one before it with this name has ended. */
  of(name: string): LogFile {
    this.files.get(name)?.close();
    const file = new LogFile(this.folder, name);
    this.files.set(name, file);
    return file;
  }

  start(): void {
    this.timer = this.clock.after(LOOK_MS, () => {
      this.each((file) => file.bound());
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** See `LogFile`. */
  reopen(): void {
    this.each((file) => file.reopen());
  }

  private each(use: (file: LogFile) => void): void {
    for (const file of this.files.values()) {
      try {
        use(file);
      } catch (error) {
        const complaint = `${file.path} cannot be rotated (${(error as Error).message})`;
        if (!this.told.has(complaint)) this.tell(complaint);
        this.told.add(complaint);
      }
    }
  }
}
