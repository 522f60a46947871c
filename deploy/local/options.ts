/** The command line of `npm start`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { packageRoot } from '../../src/runtime/package-root.js';
import { StartFailed } from './start-failed.js';

export interface Options {
  /** Address that players reach; the operators' port is on loopback always. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly opsPort: number;
  readonly instances: number;
  /** Absolute. */
  readonly data: string;
  readonly json: boolean;
}

/** @throws StartFailed with one line about the first mistake. */
export async function parseOptions(args: readonly string[]): Promise<Options> {
  const parsed = await yargs([...args])
    .scriptName('npm start --')
    .usage('$0 [options]\n\nRuns a whole cluster on this machine until Ctrl-C.')
    .option('port', { type: 'number', default: 8080, describe: "the players' port; 0 takes a free one" })
    .option('ops-port', { type: 'number', default: 8404, describe: 'statistics and metrics; 0 takes a free one' })
    .option('host', { type: 'string', default: '127.0.0.1', describe: 'address that players reach' })
    .option('instances', { type: 'number', default: 2, describe: 'game instances to start with' })
    .option('data', {
      type: 'string',
      default: fileURLToPath(new URL('.hokm', packageRoot)),
      defaultDescription: '.hokm',
      describe: "folder for Redis' data, logs and secrets",
    })
    .option('json', { type: 'boolean', default: false, describe: 'print one line of JSON instead of the addresses' })
    .strict()
    .version(false)
    .check((given) => {
      for (const name of ['port', 'ops-port', 'instances', 'host', 'data'] as const) {
        if (Array.isArray(given[name])) throw new Error(`--${name} is given twice.`);
      }
      for (const name of ['port', 'ops-port'] as const) {
        if (!isWhole(given[name], 0, 65_535)) throw new Error(`--${name} must be a port number, 0 to 65535.`);
      }
      if (given.port !== 0 && given.port === given['ops-port']) throw new Error('--port and --ops-port must differ.');
      if (!isWhole(given.instances, 1, 64)) throw new Error('--instances must be a whole number, 1 to 64.');
      if (given.host === '') throw new Error('--host is empty.');
      if (given.data === '') throw new Error('--data is empty.');
      return true;
    })
    .fail((message, error) => {
      throw new StartFailed(message || error.message);
    })
    .parseAsync();
  const { host, port, opsPort, instances, json } = parsed;
  return { host, port, opsPort, instances, json, data: resolve(parsed.data) };
}

const isWhole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;
