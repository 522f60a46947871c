/** One line of commands on one of HAProxy's sockets, and the whole reply. */
import { connect } from 'node:net';

/** The admin socket does not answer: HAProxy is away or hangs. */
export class HAProxyUnavailable extends Error {
  override readonly name = 'HAProxyUnavailable';
}

/**
 * A worker closes the connection after its reply; a master does so after `quit` alone.
 * @param timeoutMs longest silence before HAProxy counts as away.
 * @throws HAProxyUnavailable
 */
export function askSocket(path: string, line: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: string[] = [];
    const socket = connect(path);
    const away = (why: string) => reject(new HAProxyUnavailable(`HAProxy's admin socket ${path} ${why}`));
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => {
      away(`was silent for ${timeoutMs} ms`);
      socket.destroy();
    });
    socket.on('connect', () => socket.write(`${line}\n`));
    socket.on('data', (part: string) => parts.push(part));
    socket.on('error', (error: NodeJS.ErrnoException) => away(`cannot be used (${error.code ?? error.message})`));
    socket.on('close', () => {
      const reply = parts.join('');
      if (reply === '') away('closed without an answer');
      else resolve(reply);
    });
  });
}
