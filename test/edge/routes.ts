/** A request to every route, and what clients do with the connection on which they ask. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bytes, HANDSHAKE, requestOf } from './raw.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Asks for a WebSocket: what is sent on it. */
  readonly frames?: Buffer;
}

const HELLO = JSON.stringify({ type: 'hello', v: 1, client_id: 'a-client-that-behaves', spectate: true });

/** One for each route of an instance. */
export function requestsTo(room: string, token: string): readonly Asked[] {
  const get = (path: string, headers = {}) => ({ method: 'GET', path, headers, body: '' });
  const post = (path: string, body: object, headers = {}) => {
    const text = JSON.stringify(body);
    return { method: 'POST', path, headers: { 'content-length': `${text.length}`, ...headers }, body: text };
  };
  const of = `room_code=${room}`;
  const command = { id: '7-behave', command: { type: 'swap_seats', seat: null } };
  return [
    get('/'),
    get('/api/rooms'),
    post('/api/rooms', {}),
    get(`/api/room?${of}`),
    get(`/api/room/events?${of}`),
    get(`/api/room/events?${of}`, { accept: 'text/event-stream' }),
    post('/api/reconnect', { token }),
    post(`/api/room/commands?${of}`, command, { authorization: `Bearer ${token}` }),
    get('/health'),
    get('/livez'),
    get(`/status?${of}`),
    get('/metrics'),
    { ...get(`/ws?${of}`), frames: Buffer.alloc(0) },
    { ...get(`/ws?${of}`), frames: bytes(1, Buffer.from(HELLO)) },
  ];
}

/** As HTTP/1.1 has it, a character a byte. */
export function asText({ method, path, headers, body, frames }: Asked): string {
  const lines = frames ? HANDSHAKE : ['Host: localhost', ...Object.entries(headers).map((pair) => pair.join(': '))];
  return requestOf(lines, `${method} ${path} HTTP/1.1`) + body + (frames?.toString('latin1') ?? '');
}

/** A client's connection: what it speaks on, and the TCP socket under that. */
export interface Line {
  readonly stream: Duplex;
  readonly tcp: Socket;
}

export const BEHAVIOURS: Readonly<Record<string, (line: Line, request: string) => void>> = {
  'reads nothing': ({ stream }, request) => {
    stream.pause();
    stream.write(request, 'latin1');
  },
  'resets at once': ({ stream, tcp }, request) => {
    stream.write(request, 'latin1', () => tcp.resetAndDestroy());
  },
  'resets in the middle of the answer': ({ stream, tcp }, request) => {
    stream.once('data', () => tcp.resetAndDestroy());
    stream.write(request, 'latin1');
  },
  'has nothing more to say': ({ stream }, request) => {
    stream.end(request, 'latin1');
  },
  'ends in the middle of the request': ({ stream }, request) => {
    stream.end(request.slice(0, request.length / 2), 'latin1');
  },
  'resets in the middle of the request': ({ stream, tcp }, request) => {
    stream.write(request.slice(0, request.length / 2), 'latin1', () => tcp.resetAndDestroy());
  },
  'sends byte by byte': ({ stream, tcp }, request) => {
    tcp.setNoDelay(true);
    const rest = [...request];
    const next = () => {
      const byte = rest.shift();
      if (byte !== undefined && !stream.destroyed) stream.write(byte, 'latin1', next);
    };
    next();
  },
  'asks twenty times at once and reads nothing': ({ stream }, request) => {
    stream.pause();
    stream.write(request.repeat(20), 'latin1');
  },
  'asks twenty times at once and resets': ({ stream, tcp }, request) => {
    stream.once('data', () => tcp.resetAndDestroy());
    stream.write(request.repeat(20), 'latin1');
  },
};
