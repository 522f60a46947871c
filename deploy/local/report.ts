/** What the cluster tells: progress on stderr, its addresses on stdout and, for tools, in the data folder. */
import { commandName } from '../../src/config.js';
import { DATA_FOLDER } from '../../src/runtime/package-root.js';
import { type DataFolder, writePrivate } from './data-folder.js';

/** One of the players' doors. */
export interface HaproxyFacts {
  readonly name: string;
  readonly player_url: string;
  readonly ws_url: string;
  /** With TLS: the plain address that only sends players to `player_url`. */
  readonly http_url: string | null;
  readonly stats_url: string;
  readonly metrics_url: string;
  /** The admin socket. */
  readonly socket: string;
  /** null: just being started again. `haproxy` is the master process. */
  readonly pids: Readonly<Record<'haproxy' | 'controller', number | null>>;
}

/** The line of `--json` and the content of cluster.json; names as other tools read them. */
export interface ClusterFacts {
  readonly schema: 'hokm/cluster@1';
  readonly player_url: string;
  /** Put a room code in the place of CODE. */
  readonly ws_url: string;
  /** Of every HAProxy; `player_url`, `ws_url` and the others are those of the first. */
  readonly player_urls: readonly string[];
  /** With TLS: the PEM file that holds the certificate (and its key), else null. */
  readonly certificate: string | null;
  readonly stats_url: string;
  readonly stats_user: string;
  readonly stats_password: string;
  readonly metrics_url: string;
  readonly redis_url: string;
  /** HOKM_PREFIX. */
  readonly redis_prefix: string;
  /** Bearer token for `/status` and `/metrics` of the instances. */
  readonly ops_token: string;
  /** HAProxy's admin socket. */
  readonly haproxy_socket: string;
  /** The supervisor's; see control-protocol.ts. */
  readonly control_socket: string;
  /** The autoscaler's policy file; null: without one. */
  readonly policy: string | null;
  readonly instances: readonly { readonly id: string; readonly port: number; readonly pid: number }[];
  /** null: not there, or just being started again. `haproxy` is the master process. */
  readonly haproxies: readonly HaproxyFacts[];
  readonly pids: Readonly<Record<'redis' | 'haproxy' | 'controller' | 'autoscaler', number | null>>;
}

export class Report {
  constructor() {
    // The terminal, or the reader of a pipe, may go away first: the cluster then still has to stop in order.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  /** A line about what is going on. */
  tell(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** The addresses, once the cluster can be played on. */
  announce(facts: ClusterFacts, folder: DataFolder, json: boolean): void {
    process.stdout.write(json ? `${JSON.stringify(facts)}\n` : forPeople(facts, folder.path));
  }

  /** Keeps cluster.json true. */
  keep(facts: ClusterFacts, folder: DataFolder): void {
    writePrivate(folder.clusterFile, `${JSON.stringify(facts)}\n`);
  }
}

function forPeople(facts: ClusterFacts, data: string): string {
  const trust = facts.certificate === null ? '' : `NODE_EXTRA_CA_CERTS=${facts.certificate} `;
  const named = data === DATA_FOLDER ? '' : ` --data ${data}`;
  const rows: [string, string][] = [
    ['Play', facts.player_urls.join('  or  ')],
    ['In the terminal', `${trust}${commandName('play')}${named}`.replace(/ --$/, '')],
    ['WebSocket', facts.ws_url],
    [
      'Statistics',
      `${facts.haproxies.map(({ stats_url }) => stats_url).join(' and ')}  user ${facts.stats_user}, password ${facts.stats_password}`,
    ],
    ['Metrics', `${facts.metrics_url}  the same user`],
    ...(facts.policy === null ? [] : [['Scale', `${commandName('autoscaler')} status`] as [string, string]]),
    ['Stop', 'Ctrl-C'],
  ];
  return `\n${rows.map(([name, value]) => `  ${name.padEnd(17)}${value}`).join('\n')}\n\n`;
}
