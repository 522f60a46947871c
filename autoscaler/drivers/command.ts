/**
 * Instances by any three commands: of a cloud, of systemd, of yours. Each is run without a shell, with HOKM_FENCING in its
 * environment; `{key}`, `{handle}`, `{id}`, `{host}`, `{port}`, `{fencing}` in its words are filled in.
 *
 *     start   prints the handle of the new instance, the last word of its first line
 *     stop    begins the end of {handle} (SIGTERM or alike) and returns
 *     list    prints a handle a line, and behind it, if it knows it, the instance's id in the registry
 */
import { execFile } from 'node:child_process';
import { Fencing } from '../../src/cluster/fencing.js';
import type { DriverPolicy } from '../policy/schema.js';
import { assertCurrent, type Driver, DriverError, find, type Listed, type Target } from './driver.js';

export type CommandPolicy = Extract<DriverPolicy, { type: 'command' }>;

const LONGEST_OUTPUT = 1024 * 1024;

export class CommandDriver implements Driver {
  readonly name = 'command';
  readonly startsOnce = false;
  private readonly fencing = new Fencing();

  constructor(
    private readonly policy: CommandPolicy,
    /** What the commands inherit. */
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  async start(key: string, fencing: number): Promise<string> {
    assertCurrent(this.fencing, fencing);
    const output = await this.run('start', { key, fencing: String(fencing) });
    const handle = output.split('\n')[0]?.trim().split(/\s+/).at(-1) ?? '';
    if (handle === '') throw new DriverError('The start command printed no handle.');
    return handle;
  }

  async stop(target: Target, fencing: number): Promise<void> {
    assertCurrent(this.fencing, fencing);
    const listed = find(await this.list(), target);
    if (!listed) return;
    const { handle, id = target.id ?? '' } = listed;
    const { host = '', port = '' } = target;
    await this.run('stop', { handle, id, host, port: String(port), fencing: String(fencing) });
  }

  async list(): Promise<readonly Listed[]> {
    const output = await this.run('list', {});
    return output.split('\n').flatMap((line) => {
      const [handle = '', id] = line.trim().split(/\s+/);
      return handle === '' ? [] : [{ handle, ...(id === undefined ? {} : { id }) }];
    });
  }

  takeFailures(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}

  private run(which: 'start' | 'stop' | 'list', values: Readonly<Record<string, string>>): Promise<string> {
    const words = this.policy[which].map((word) =>
      word.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
    );
    const [command = '', ...args] = words;
    const env = { ...this.environment, HOKM_FENCING: values.fencing ?? '', HOKM_KEY: values.key ?? '' };
    const options = {
      env,
      timeout: this.policy.timeout_s * 1000,
      maxBuffer: LONGEST_OUTPUT,
      encoding: 'utf8' as const,
    };
    return new Promise((resolve, reject) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = stderr.trim().split('\n').at(-1);
        const how = error.killed
          ? `took longer than ${this.policy.timeout_s} s`
          : `ended with ${error.code ?? error.signal}`;
        reject(new DriverError(`The ${which} command (${command}) ${how}${said ? `: ${said}` : ''}`));
      });
    });
  }
}
