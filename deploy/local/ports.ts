/** Which ports are free. What is free now may be taken a moment later: who binds it must still report it. */
import { createServer } from 'node:net';
import { randomHex } from '../../src/runtime/random.js';
import { StartFailed } from './start-failed.js';

/** Below the range from which systems take the source ports of outgoing connections (32768 and up on Linux). */
const FIRST = 20_000;
const COUNT = 12_000;

/** Given out by this process: who asked for one may not listen on it yet. */
const given = new Set<number>();

/** A port that nobody listens on, another at every call. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  if (given.size > COUNT / 2) given.clear();
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + (Number.parseInt(randomHex(4), 16) % COUNT);
    if (given.has(port)) continue;
    given.add(port);
    if ((await tryPort(host, port)) === undefined) return port;
  }
  throw new StartFailed(`No free port found on ${host}.`);
}

/**
 * `port`, or a free one for 0.
 * @param flag the option to choose another with.
 * @throws StartFailed when it is taken or cannot be had.
 */
export async function wantedPort(host: string, port: number, flag: string): Promise<number> {
  if (port === 0) {
    const refused = await tryPort(host, 0);
    if (refused !== undefined) throw new StartFailed(explain(refused, host, port, flag));
    return freePort(host);
  }
  const refused = await tryPort(host, port);
  if (refused !== undefined) throw new StartFailed(explain(refused, host, port, flag));
  return port;
}

function explain(code: string, host: string, port: number, flag: string): string {
  if (code === 'EADDRINUSE') return `Port ${port} is taken; choose another with ${flag}.`;
  if (code === 'EACCES') return `Port ${port} needs more rights; choose another with ${flag}.`;
  return `${host} is no address of this machine (${code}); choose another with --host.`;
}

/** Undefined when the port can be listened on, else the system's error code. */
function tryPort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
