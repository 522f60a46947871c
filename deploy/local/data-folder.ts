/**
 * The folder of one local cluster: its lock, its settings with secrets, Redis' data, logs, and notes on the running
 * processes. All of it is for its owner's eyes only.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lookUp } from './process-table.js';
import { StartFailed } from './start-failed.js';

const lockSchema = z.object({ pid: z.number().int().positive(), started: z.string() });

export class DataFolder {
  /** What the cluster tells other tools while it runs; see report.ts. */
  readonly clusterFile: string;
  readonly secretsFile: string;
  readonly childrenFile: string;
  readonly redisSettings: string;
  readonly redis: string;
  /** The players' certificate with its key, where the cluster makes its own. */
  readonly certificate: string;
  readonly logs: string;
  /** For the admin socket. */
  readonly run: string;
  private readonly lockFile: string;

  private constructor(readonly path: string) {
    this.clusterFile = join(path, 'cluster.json');
    this.secretsFile = join(path, 'secrets.json');
    this.childrenFile = join(path, 'children.json');
    this.redisSettings = join(path, 'redis.conf');
    this.redis = join(path, 'redis');
    this.certificate = join(path, 'tls.pem');
    this.logs = join(path, 'logs');
    this.run = join(path, 'run');
    this.lockFile = join(path, 'lock');
  }

  /**
   * Makes the folder where it is missing, and takes its lock; the lock of a process that is gone is taken over.
   * @throws StartFailed when a running cluster has it, or it cannot be written.
   */
  static open(path: string): DataFolder {
    const folder = new DataFolder(path);
    try {
      for (const part of [path, folder.redis, folder.logs, folder.run]) {
        mkdirSync(part, { recursive: true, mode: 0o700 });
      }
      folder.lock();
    } catch (error) {
      if (error instanceof StartFailed) throw error;
      throw new StartFailed(`${path} cannot be used (${(error as Error).message}); choose another folder with --data.`);
    }
    return folder;
  }

  /** The game's backend of an HAProxy, by position from 1. */
  haproxyBackend(position: number): string {
    return join(this.run, `game-${position}.cfg`);
  }

  /** Gives the lock back; the cluster's notes are removed before. */
  release(): void {
    for (const file of [this.clusterFile, this.childrenFile, this.lockFile]) rmSync(file, { force: true });
  }

  private lock(): void {
    const own = `${this.lockFile}.${process.pid}`;
    writePrivate(own, JSON.stringify({ pid: process.pid, started: lookUp(process.pid)?.started ?? '' }));
    try {
      while (!this.tryLock(own)) this.clearStaleLock();
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** A link appears with its content, so that nobody ever reads half a lock. */
  private tryLock(own: string): boolean {
    try {
      linkSync(own, this.lockFile);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  private clearStaleLock(): void {
    const seen = readText(this.lockFile);
    if (seen === undefined) return;
    const owner = parseJson(lockSchema, seen);
    if (owner && lookUp(owner.pid)?.started === owner.started) {
      const url = parseJson(z.object({ player_url: z.string() }), readText(this.clusterFile) ?? '')?.player_url;
      throw new StartFailed(
        `This cluster is running already (process ${owner.pid}, ${url ?? 'starting'}, data in ${this.path}). ` +
          'Stop it, or choose another folder with --data.',
      );
    }
    const aside = `${this.lockFile}.${process.pid}.stale`;
    try {
      renameSync(this.lockFile, aside);
      // Somebody else may have taken the stale lock over between the look and the renaming: it is theirs.
      if (readText(aside) !== seen) linkSync(aside, this.lockFile);
    } catch (error) {
      if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  }
}

/** Writes a file that only its owner can read, in one step: readers see the old content or the new. */
export function writePrivate(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The text as checked JSON, or undefined when it is not what `schema` says. */
export function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
