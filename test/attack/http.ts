/** Requests and bytes from any address of this host. */
import { request } from 'node:http';
import { request as requestByTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Scene } from './attack.js';
import { dial, type PlayersDoor } from './door.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Address it comes from. */
  readonly from?: string;
}

const ANSWER_MS = 20_000;

/** One request; the path is sent as it is written. */
export function ask(door: PlayersDoor, path: string, { method = 'GET', headers = {}, body, from }: Asking = {}) {
  door.traffic.connections += 1;
  door.traffic.requests += 1;
  return new Promise<Answer>((resolve, reject) => {
    const local = from === undefined ? {} : { localAddress: from };
    const address = { host: '127.0.0.1', port: door.port, ...local, rejectUnauthorized: false };
    const begin = door.secure ? requestByTls : request;
    const sent = begin({ ...address, path, method, headers, agent: false, timeout: ANSWER_MS }, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += String(data);
      });
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, body: text, retryAfter: headers['retry-after'] });
      });
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `POST /api/rooms` by somebody new. */
export async function newRoom(scene: Scene, options: object = {}): Promise<string> {
  const from = scene.stranger();
  const { status, body } = await ask(scene.door, '/api/rooms', { method: 'POST', body: JSON.stringify(options), from });
  const { room_code: code } = JSON.parse(body) as { room_code?: string };
  if (code === undefined) throw new Error(`no room: ${status} ${body}`);
  return code;
}

export const position = async (scene: Scene, code: string): Promise<string> => {
  const { body } = await ask(scene.door, `/api/room?room_code=${code}`, { from: scene.stranger() });
  const { seq, digest } = JSON.parse(body) as { seq?: number; digest?: string };
  if (digest === undefined) throw new Error(`where is ${code}: ${body}`);
  return `${seq} ${digest}`;
};

/** Sends requests one behind the other on one connection, and counts the answers by status. */
export function pipelined(door: PlayersDoor, from: string, requests: readonly string[]): Promise<Map<number, number>> {
  door.traffic.connections += 1;
  door.traffic.requests += requests.length;
  return new Promise((resolve, reject) => {
    const counts = new Map<number, number>();
    let left = requests.length;
    let rest = '';
    const socket = dial(door, from, () => socket.write(requests.join('')));
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data: Buffer) => {
      const text = rest + data.toString('latin1');
      let read = 0;
      for (const match of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
        read = match.index + match[0].length;
        counts.set(Number(match[1]), (counts.get(Number(match[1])) ?? 0) + 1);
        left -= 1;
      }
      rest = text.slice(Math.max(read, text.length - 11));
      if (left === 0) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(counts));
  });
}

/** Bytes over TCP, held until the other side ends it. Resolves when connected; errors count as an end. */
export function bytesFrom({ port }: PlayersDoor, from: string, start: string | Buffer, ended: () => void): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from }, () => socket.write(start));
  socket.on('error', () => undefined);
  socket.once('close', ended);
  return socket.resume();
}
