/** Bytes on the wire, for what no library lets one send. */
import { connect, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { until } from '../support/programs.js';

/** Bytes sent over TCP, and what comes back until the other side ends it. */
export class Raw {
  readonly socket: Socket;
  readonly startedAt = performance.now();
  text = '';
  endedAfter: number | undefined;

  constructor(port: number, start: string | Buffer) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (data: Buffer) => {
      this.text += data.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.endedAfter = performance.now() - this.startedAt;
    });
    this.socket.write(start);
  }

  async ended(): Promise<string> {
    await until('the server ends it', () => this.endedAfter);
    return this.text;
  }
}

/** The lines of a request to become a WebSocket, after its first. */
export const HANDSHAKE: readonly string[] = [
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** A request of these lines. */
export const requestOf = (lines: readonly string[], first = 'GET /ws?room_code=7KQ2M9XZ HTTP/1.1'): string =>
  [first, ...lines, '', ''].join('\r\n');

/** A client's frame as bytes; masked with zeros, unless told, so that the payload stands there as it is. */
export function bytes(opcode: number, payload: Buffer, final = true, mask: readonly number[] = [0, 0, 0, 0]): Buffer {
  const length = payload.length;
  const head = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255];
  const masked = payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0));
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, ...head, ...mask]), masked]);
}

/** RFC 6455, 5.2. */
export const opcodes = { CONTINUED: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

interface Sent {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly final?: boolean;
}

const MASK = [0x5a, 0, 0xff, 0x31];

/** A client's frame as clients mask it. */
export const frame = ({ opcode, payload, final }: Sent): Buffer => bytes(opcode, payload, final, MASK);

export const text = (said: string): Sent => ({ opcode: opcodes.TEXT, payload: Buffer.from(said) });

/** The TCP socket under a WebSocket: what no WebSocket library lets one send can be sent there. */
export const rawSocket = (socket: WebSocket): Socket => (socket as unknown as { _socket: Socket })._socket;
