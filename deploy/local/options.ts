/** The command line of `npm start`. */
import { resolve } from 'node:path';
import yargs from 'yargs';
import { commandName } from '../../src/config.js';
import { isWildcard, parseHost } from '../../src/runtime/address.js';
import { DATA_FOLDER } from '../../src/runtime/package-root.js';
import { StartFailed } from './start-failed.js';

export interface Options {
  /** Address that players reach; the operators' port is on loopback always. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly opsPort: number;
  /** With TLS: the plain port that sends players to `port`. */
  readonly httpPort: number;
  readonly haproxies: number;
  readonly tls: boolean;
  /** PEM file with certificate and key, absolute; with TLS, undefined means one of the cluster's own. */
  readonly cert: string | undefined;
  readonly instances: number;
  /** Whether their number follows the load. */
  readonly autoscaler: boolean;
  /** Absolute. */
  readonly data: string;
  readonly json: boolean;
}

/** @throws StartFailed with one line about the first mistake. */
export async function parseOptions(args: readonly string[]): Promise<Options> {
  const parsed = await yargs([...args])
    .scriptName(commandName('start'))
    .usage('$0 [options]\n\nRuns a whole cluster on this machine until Ctrl-C.')
    .example('$0', 'two instances, an HAProxy and a Redis of its own')
    .example('$0 --tls --haproxies 2 --host 0.0.0.0', 'for others, by https, through two doors')
    .option('port', {
      type: 'number',
      defaultDescription: '8080, with TLS 8443',
      describe: "the players' port; 0 takes a free one",
    })
    .option('ops-port', { type: 'number', default: 8404, describe: 'statistics and metrics; 0 takes a free one' })
    .option('host', { type: 'string', default: '127.0.0.1', describe: 'address that players reach' })
    .option('tls', { type: 'boolean', default: false, describe: 'https and wss, by a certificate made here and kept' })
    .option('cert', { type: 'string', describe: 'the same by this certificate: a PEM file with its key' })
    .option('http-port', {
      type: 'number',
      default: 8080,
      describe: 'with TLS: the plain port that sends players to the other; 0 takes a free one',
    })
    .option('haproxies', { type: 'number', default: 1, describe: '2: a second HAProxy, on the next port of each kind' })
    .option('instances', {
      type: 'number',
      default: 2,
      describe: 'game instances to start with; the autoscaler goes no lower',
    })
    .option('autoscaler', {
      type: 'boolean',
      default: true,
      describe: 'adds instances when players come; --no-autoscaler keeps their number',
    })
    .option('data', {
      type: 'string',
      default: DATA_FOLDER,
      defaultDescription: '.hokm',
      describe: "folder for Redis' data, logs and secrets",
    })
    .option('json', { type: 'boolean', default: false, describe: 'print one line of JSON instead of the addresses' })
    .strict()
    .version(false)
    .check((given) => {
      for (const name of [...PORTS, 'instances', 'haproxies', 'host', 'data', 'cert'] as const) {
        if (Array.isArray(given[name])) throw new Error(`--${name} is given twice.`);
      }
      if (!isWhole(given.haproxies, 1, 2)) throw new Error('--haproxies must be 1 or 2.');
      for (const name of PORTS) {
        const port = given[name] ?? 0;
        const most = port === 0 ? 65_535 : 65_536 - given.haproxies;
        if (!isWhole(port, 0, most)) throw new Error(`--${name} must be a port number, 0 to ${most}.`);
      }
      const tls = given.tls || given.cert !== undefined;
      const known = {
        port: given.port ?? usualPort(tls),
        'ops-port': given['ops-port'],
        'http-port': tls ? given['http-port'] : 0,
      };
      const taken = new Map<number, string>();
      for (const [name, port] of Object.entries(known)) {
        for (let at = 0; port !== 0 && at < given.haproxies; at++) {
          const other = taken.get(port + at);
          if (other !== undefined) throw new Error(`--${other} and --${name} must differ.`);
          taken.set(port + at, name);
        }
      }
      if (!isWhole(given.instances, 1, 64)) throw new Error('--instances must be a whole number, 1 to 64.');
      if (given.host === '') throw new Error('--host is empty.');
      if (hostIn(given.host) === undefined) throw new Error('--host must be a host name or an IP address.');
      if (given.data === '') throw new Error('--data is empty.');
      if (given.cert === '') throw new Error('--cert is empty.');
      return true;
    })
    .fail((message, error) => {
      throw new StartFailed(message || error.message);
    })
    .parseAsync();
  const { opsPort, httpPort, haproxies, instances, autoscaler, json } = parsed;
  const cert = parsed.cert === undefined ? undefined : resolve(parsed.cert);
  const tls = parsed.tls || cert !== undefined;
  const port = parsed.port ?? usualPort(tls);
  return {
    host: hostIn(parsed.host) ?? parsed.host,
    port,
    opsPort,
    httpPort,
    haproxies,
    tls,
    cert,
    instances,
    autoscaler,
    json,
    data: resolve(parsed.data),
  };
}

/** Bare; a star means every address, as it does to HAProxy. */
const hostIn = (text: string) => (isWildcard(text) ? text : parseHost(text));

const PORTS = ['port', 'ops-port', 'http-port'] as const;
const usualPort = (tls: boolean) => (tls ? 8443 : 8080);

const isWhole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;
