/** Questions to HAProxy's admin socket. */
import { connect } from 'node:net';
import { formatHostPort } from '../../src/runtime/address.js';

const TIMEOUT_MS = 1_000;

/**
 * HAProxy's whole answer to one command.
 * @throws Error when the socket is not there, or does not answer within a second.
 */
export function askHaproxy(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath, () => socket.write(`${command}\n`));
    socket.setEncoding('utf8');
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer to "${command}"`)));
    socket.on('data', (text) => {
      answer += text;
    });
    // HAProxy closes the connection after its answer.
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the connection was closed before the answer to "${command}"`)));
  });
}

/** `address:port` of the servers that get players. */
export async function serversUp(socketPath: string): Promise<Set<string>> {
  const [, header = '', ...rows] = (await askHaproxy(socketPath, 'show servers state')).split('\n');
  const columns = header.replace(/^# /, '').split(' ');
  const up = new Set<string>();
  for (const row of rows) {
    const values = row.split(' ');
    const value = (name: string) => values[columns.indexOf(name)];
    // 2: running, 1: running and warming up; administrative state 0: neither drain nor maintenance.
    const running = value('srv_op_state') === '2' || value('srv_op_state') === '1';
    if (running && value('srv_admin_state') === '0')
      up.add(formatHostPort({ host: value('srv_addr') ?? '', port: Number(value('srv_port')) }));
  }
  return up;
}
