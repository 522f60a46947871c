/** What every figure needs beside the server that is measured: Redis and the load, on the other core. */
import { execFileSync } from 'node:child_process';
import { startRedis, type TestRedis } from '../support/programs.js';
import { Load } from './load.js';
import { cpuUs, LOAD_CORE } from './processes.js';

export class Stand {
  readonly load = new Load();

  private constructor(
    private readonly redis: TestRedis,
    readonly tell: (line: string) => void,
  ) {}

  static async start(tell: (line: string) => void): Promise<Stand> {
    const redis = await startRedis();
    if (redis.process.pid !== undefined) pin(redis.process.pid);
    return new Stand(redis, tell);
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  /** What Redis has used so far, µs. */
  redisCpuUs(): number {
    return cpuUs(this.redis.process.pid ?? 0);
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.redis.stop();
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds a running process with all its threads on the load's core. */
export function pin(pid: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(LOAD_CORE), String(pid)], { stdio: 'ignore' });
}
