/** Notes on the running children, so that those that outlive a killed supervisor are ended at the next start. */
import { z } from 'zod';
import { type Clock, sleep } from '../../src/runtime/clock.js';
import { type DataFolder, parseJson, readText, writePrivate } from './data-folder.js';
import { lookUp, signalGroup } from './process-table.js';

const childSchema = z.object({
  pid: z.number().int().positive(),
  started: z.string(),
  /** Part of the command line. Redis rewrites its own, so that the whole of it is not comparable. */
  mark: z.string(),
});
type NotedChild = z.output<typeof childSchema>;

/** How long an orphan has to end in order, ms. */
const STOP_MS = 10_000;

export class ChildNotes {
  private children: NotedChild[] = [];

  constructor(private readonly folder: DataFolder) {}

  add(pid: number, mark: string): void {
    const entry = lookUp(pid);
    if (entry) this.write([...this.children, { pid, started: entry.started, mark }]);
  }

  remove(pid: number): void {
    this.write(this.children.filter((child) => child.pid !== pid));
  }

  /** Ends what an earlier supervisor left behind, last started first (Redis outlives those that need it). */
  async endOrphans(clock: Clock): Promise<number> {
    const noted = parseJson(z.array(childSchema), readText(this.folder.childrenFile) ?? '[]') ?? [];
    const orphans = noted.filter(isSame).reverse();
    for (const orphan of orphans) {
      signalGroup(orphan.pid, 'SIGTERM');
      const deadline = clock.monotonic() + STOP_MS;
      while (isSame(orphan) && clock.monotonic() < deadline) await sleep(clock, 20);
      if (isSame(orphan)) signalGroup(orphan.pid, 'SIGKILL');
    }
    this.write([]);
    return orphans.length;
  }

  private write(children: NotedChild[]): void {
    this.children = children;
    writePrivate(this.folder.childrenFile, JSON.stringify(children));
  }
}

function isSame(child: NotedChild): boolean {
  const entry = lookUp(child.pid);
  return entry !== undefined && entry.started === child.started && entry.commandLine.includes(child.mark);
}
