/** HAProxy as a child: its settings come from haproxy.cfg, what differs between clusters from the environment. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../src/runtime/clock.js';
import { askHaproxy } from './admin-socket.js';
import { type Program, poll } from './child.js';
import { type DataFolder, readText, writePrivate } from './data-folder.js';
import type { Secrets } from './secrets.js';

/** Paths of unix sockets end at about 104 bytes; HAProxy binds one first with `.PID.tmp` at its end. */
const LONGEST_PATH = 80;

export interface HaproxyPlan {
  readonly configFile: string;
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  readonly peerPort: number;
  readonly socket: string;
  readonly secrets: Secrets;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
}

export interface Ready {
  readonly port: number;
}

/** The operators' pages stay on this machine, whoever may play. */
export const OPS_HOST = '127.0.0.1';

export function haproxyProgram(plan: HaproxyPlan, clock: Clock): Program<Ready> {
  return {
    title: 'HAProxy',
    logName: 'haproxy',
    command: 'haproxy',
    // -W: a master that restarts its worker for a reload; -db: in the foreground.
    args: ['-W', '-db', '-f', plan.configFile],
    env: {
      ...plan.environment,
      HAPROXY_BIND: plan.host,
      HAPROXY_PORT: String(plan.port),
      HAPROXY_OPS_BIND: OPS_HOST,
      HAPROXY_OPS_PORT: String(plan.opsPort),
      HAPROXY_SOCKET: plan.socket,
      HAPROXY_PEER_NAME: 'local',
      HAPROXY_PEER_PORT: String(plan.peerPort),
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
  /** HAProxy's admin socket. */
  readonly socket: string;
  /** The supervisor's own; see control-protocol.ts. */
  readonly control: string;
  private readonly temporary: string | undefined;

  constructor(folder: DataFolder) {
    // Where the last one was, when its supervisor was killed before it could remove it.
    const note = join(folder.run, 'socket-folder');
    const left = readText(note);
    if (left) rmSync(left, { recursive: true, force: true });
    const near = join(folder.run, 'haproxy.sock');
    if (Buffer.byteLength(near) <= LONGEST_PATH && /^[\w./-]+$/.test(near)) {
      this.socket = near;
      if (left) rmSync(note);
    } else {
      const base = tmpdir().length <= LONGEST_PATH / 2 ? tmpdir() : '/tmp';
      this.temporary = mkdtempSync(join(base, 'hokm-'));
      this.socket = join(this.temporary, 'haproxy.sock');
      writePrivate(note, this.temporary);
    }
    this.control = join(dirname(this.socket), 'control.sock');
  }

  remove(): void {
    rmSync(this.socket, { force: true });
    if (this.temporary) rmSync(this.temporary, { recursive: true, force: true });
  }
}
