/**
 * Workers that a reload has replaced: they keep their sockets, check no server's health, and refuse `shutdown sessions
 * server` ("Proxy is disabled"). They are reached through their master, session by session.
 */
import type { InstanceId } from '../src/protocol/ids.js';
import { askSocket } from './command-socket.js';

/** The master reads about 16 kB a line. */
const BATCH = 100;
const TIMEOUT_MS = 2_000;

export class OldWorkers {
  /** By instance, the old workers that have none of its connections any more. */
  private readonly done = new Map<InstanceId, Set<number>>();

  /** @param socket of the master, at level admin. */
  constructor(private readonly socket: string) {}

  /**
   * Closes what old workers have open to instances that are down. Once for each of both: a worker gets no new connections.
   * @throws HAProxyUnavailable
   */
  async shutdownSessions(down: ReadonlySet<InstanceId>): Promise<void> {
    if (down.size === 0) return;
    for (const pid of parseOldWorkers(await this.ask('show proc'))) {
      const missing = [...down].filter((name) => !this.done.get(name)?.has(pid));
      if (missing.length === 0) continue;
      const sessions = parseSessions(await this.ask(`@!${pid} show sess`));
      const ids = missing.flatMap((name) => sessions.get(name) ?? []);
      for (let at = 0; at < ids.length; at += BATCH) {
        // One that has ended meanwhile is answered with "No such session".
        await this.ask(
          ids
            .slice(at, at + BATCH)
            .map((id) => `@!${pid} shutdown session ${id}`)
            .join(';'),
        );
      }
      for (const name of missing) this.done.set(name, (this.done.get(name) ?? new Set()).add(pid));
    }
  }

  /** An instance is up: what old workers have open to it is looked at again when it is down once more. */
  forget(up: Iterable<InstanceId>): void {
    for (const name of up) this.done.delete(name);
  }

  private ask(line: string): Promise<string> {
    return askSocket(this.socket, `${line};quit`, TIMEOUT_MS);
  }
}

/** Process ids, of `show proc`. */
export function parseOldWorkers(reply: string): number[] {
  const [, old = ''] = reply.split(/^# old workers$/m);
  const [own = ''] = old.split(/^#/m);
  return [...own.matchAll(/^(\d+)\s+worker\b/gm)].map(([, pid]) => Number(pid));
}

/** Ids of the sessions with each instance, of `show sess`. */
export function parseSessions(reply: string): Map<string, string[]> {
  const sessions = new Map<string, string[]>();
  for (const [, id = '', name = ''] of reply.matchAll(/^(0x[0-9a-f]+): .*? be=game srv=(\S+)/gm)) {
    sessions.set(name, [...(sessions.get(name) ?? []), id]);
  }
  return sessions;
}
