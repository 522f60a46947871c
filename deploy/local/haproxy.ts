/** HAProxy as a child: its settings come from haproxy.cfg, what differs between clusters from the environment. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatHostPort } from '../../src/runtime/address.js';
import type { Clock } from '../../src/runtime/clock.js';
import { askHaproxy } from './admin-socket.js';
import { type Program, poll } from './child.js';
import { type DataFolder, readText, writePrivate } from './data-folder.js';
import type { Secrets } from './secrets.js';

/** Paths of unix sockets end at about 104 bytes; HAProxy binds one first with `.PID.tmp` at its end. */
const LONGEST_PATH = 80;

/** What one HAProxy has for itself. */
export interface HaproxyPorts {
  readonly port: number;
  readonly opsPort: number;
  /** Among the HAProxies. */
  readonly peerPort: number;
  /** With TLS: the plain port that sends players to `port`. */
  readonly httpPort: number | undefined;
}

export interface HaproxyPlan extends HaproxyPorts {
  /** From 1. */
  readonly position: number;
  readonly configFile: string;
  /** The game's backend: the controller's copy, made from `backendTemplate`. */
  readonly backendFile: string;
  readonly backendTemplate: string;
  readonly host: string;
  readonly socket: string;
  /** The master's. */
  readonly masterSocket: string;
  /** Peer port of the other HAProxy. */
  readonly otherPeerPort: number | undefined;
  /** PEM file; undefined: players speak plain text. */
  readonly certificate: string | undefined;
  readonly secrets: Secrets;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
}

export interface Ready {
  readonly port: number;
}

/** The first of a kind, which may be the only one, has no number. */
export const numbered = (name: string, position: number, between = ' ') =>
  position === 1 ? name : `${name}${between}${position}`;

const PEER_HOST = '127.0.0.1';
const peerName = (position: number) => `local${position}`;

/** The operators' pages stay on this machine, whoever may play. */
export const OPS_HOST = '127.0.0.1';

export function haproxyProgram(plan: HaproxyPlan, clock: Clock): Program<Ready> {
  // Those of an earlier run are gone; a HAProxy that is started again later finds what the controller has written.
  writePrivate(plan.backendFile, readFileSync(plan.backendTemplate, 'utf8'));
  return {
    title: numbered('HAProxy', plan.position),
    logName: numbered('haproxy', plan.position, '-'),
    command: 'haproxy',
    // -W: a master that restarts its worker for a reload; -db: in the foreground.
    args: [
      '-W',
      '-S',
      `${plan.masterSocket},mode,600,level,admin`,
      '-db',
      '-f',
      plan.configFile,
      '-f',
      plan.backendFile,
    ],
    env: {
      ...plan.environment,
      HAPROXY_BIND: plan.host,
      HAPROXY_PORT: String(plan.port),
      HAPROXY_OPS_BIND: OPS_HOST,
      HAPROXY_OPS_PORT: String(plan.opsPort),
      HAPROXY_SOCKET: plan.socket,
      HAPROXY_PEER_NAME: peerName(plan.position),
      HAPROXY_PEER_PORT: String(plan.peerPort),
      // Empty where there is none: the surroundings must not decide this.
      HAPROXY_PEER2_NAME: plan.otherPeerPort === undefined ? '' : peerName(3 - plan.position),
      HAPROXY_PEER2_ADDRESS:
        plan.otherPeerPort === undefined ? '' : formatHostPort({ host: PEER_HOST, port: plan.otherPeerPort }),
      HAPROXY_CERT: plan.certificate ?? '',
      HAPROXY_HTTP_PORT: String(plan.httpPort ?? ''),
      HAPROXY_PUBLIC_PORT: String(plan.port),
      STATS_USER: plan.secrets.statsUser,
      STATS_PASSWORD: plan.secrets.statsPassword,
    },
    folder: plan.folder,
    ipc: false,
    mark: plan.configFile,
    startMs: 10_000,
    pauseMs: 100,
    stopMs: 5_000,
    ready: async (_process, gone) => {
      // The TCP port opens before HAProxy is ready; the admin socket answers when it is.
      await poll(clock, gone, async () => /^Pid: /m.test(await askHaproxy(plan.socket, 'show info')) || undefined);
      return { port: plan.port };
    },
  };
}

/** A place for the sockets: in the data folder, or in a short one of its own when that path is too long. */
export class SocketFolder {
  private readonly folder: string;
  /** The supervisor's own; see control-protocol.ts. */
  readonly control: string;
  private readonly temporary: string | undefined;

  constructor(folder: DataFolder) {
    // Where the last one was, when its supervisor was killed before it could remove it.
    const note = join(folder.run, 'socket-folder');
    const left = readText(note);
    if (left) rmSync(left, { recursive: true, force: true });
    const near = join(folder.run, 'haproxy-2.sock');
    if (Buffer.byteLength(near) <= LONGEST_PATH && /^[\w./-]+$/.test(near)) {
      this.folder = folder.run;
      if (left) rmSync(note);
    } else {
      const base = tmpdir().length <= LONGEST_PATH / 2 ? tmpdir() : '/tmp';
      this.temporary = mkdtempSync(join(base, 'hokm-'));
      this.folder = this.temporary;
      writePrivate(note, this.temporary);
    }
    this.control = join(this.folder, 'control.sock');
  }

  /** The admin socket of an HAProxy, by position from 1. */
  haproxy(position: number): string {
    return join(this.folder, `${numbered('haproxy', position, '-')}.sock`);
  }

  /** Its master's. */
  master(position: number): string {
    return join(this.folder, `${numbered('master', position, '-')}.sock`);
  }

  remove(): void {
    for (const position of [1, 2]) {
      for (const socket of [this.haproxy(position), this.master(position)]) rmSync(socket, { force: true });
    }
    if (this.temporary) rmSync(this.temporary, { recursive: true, force: true });
  }
}
