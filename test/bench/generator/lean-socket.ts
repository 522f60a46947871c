/**
 * A WebSocket client that costs as little as one can: the load must not be what is measured. Masks with zeros, which is
 * valid and needs no work; takes no fragments and no compression.
 */
import { connect, type Socket } from 'node:net';

const TEXT = 0x81;
const BINARY = 0x82;
const PONG = 0x8a;
const NO_BYTES = Buffer.alloc(0);
/** What all sockets read into, one after the other. */
const INPUT = Buffer.alloc(65_536);

export interface LeanSocketEvents {
  open(): void;
  frame(payload: Buffer): void;
  /** Told once; also when it never opened. */
  closed(): void;
}

export class LeanSocket {
  private readonly socket: Socket;
  private rest: Buffer = NO_BYTES;
  private opened = false;

  /** @param from the source address: one has 28,000 ports. */
  constructor(
    port: number,
    path: string,
    private readonly events: LeanSocketEvents,
    from = '127.0.0.1',
  ) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      localAddress: from,
      noDelay: true,
      onread: {
        buffer: INPUT,
        callback: (size, buffer) => {
          this.read(Buffer.from(buffer.buffer, buffer.byteOffset, size));
          return true;
        },
      },
    });
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => events.closed());
  }

  send(payload: string | Buffer): void {
    this.write(typeof payload === 'string' ? TEXT : BINARY, Buffer.from(payload));
  }

  close(): void {
    this.socket.destroy();
  }

  private write(opcode: number, payload: Buffer): void {
    const long = payload.length > 125;
    const frame = Buffer.allocUnsafe((long ? 8 : 6) + payload.length);
    frame[0] = opcode;
    frame[1] = 0x80 | (long ? 126 : payload.length);
    if (long) frame.writeUInt16BE(payload.length, 2);
    frame.writeUInt32BE(0, long ? 4 : 2);
    payload.copy(frame, long ? 8 : 6);
    this.socket.write(frame);
  }

  private read(chunk: Buffer): void {
    let data = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = NO_BYTES;
    if (!this.opened) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        this.rest = Buffer.from(data);
        return;
      }
      if (!data.toString('latin1', 0, 12).endsWith('101')) return void this.socket.destroy();
      this.opened = true;
      this.events.open();
      data = data.subarray(end + 4);
    }
    while (data.length >= 2) {
      const size = lengthOf(data);
      if (size === undefined || data.length < size.header + size.payload) break;
      const payload = data.subarray(size.header, size.header + size.payload);
      const opcode = (data[0] ?? 0) & 0x0f;
      data = data.subarray(size.header + size.payload);
      if (opcode <= 2) this.events.frame(payload);
      else if (opcode === 9) this.write(PONG, payload);
      else if (opcode === 8) this.socket.end();
    }
    if (data.length > 0) this.rest = Buffer.from(data);
  }
}

function lengthOf(data: Buffer): { header: number; payload: number } | undefined {
  const short = (data[1] ?? 0) & 0x7f;
  if (short < 126) return { header: 2, payload: short };
  if (short === 126) return data.length < 4 ? undefined : { header: 4, payload: data.readUInt16BE(2) };
  return data.length < 10 ? undefined : { header: 10, payload: Number(data.readBigUInt64BE(2)) };
}
