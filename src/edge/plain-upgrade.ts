/**
 * The request with which players' connections nearly always begin: a WebSocket handshake in one chunk that leaves no
 * question open. Whatever is not plain, wrong or only unusual, is for Node's HTTP and the `ws` library to judge.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What is looked at of a request to become a WebSocket. */
export type UpgradeRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>;

/** Longer ones are not plain, bytes. */
const LONGEST = 4_096;
/** Lines of visible ASCII: no folded ones, no control characters, none that is nothing but a line feed. */
const REQUEST = /^GET (\/[!-~]*) HTTP\/1\.1\r\n((?:[0-9A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n$/;
const UPGRADE = /(?:^|[ ,])upgrade(?:$|[ ,])/i;
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const VERSION = '13';
/** With a body, with something to negotiate. */
const UNUSUAL = ['content-length', 'transfer-encoding', 'expect', 'sec-websocket-protocol'] as const;
/** RFC 6455, 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class PlainUpgrade implements UpgradeRequest {
  readonly method = 'GET';

  private constructor(
    readonly url: string,
    readonly headers: Readonly<Record<string, string>>,
    /** Names and values in turn, as in Node's. */
    readonly rawHeaders: string[],
  ) {}

  /** The request in the first `size` bytes of a chunk; undefined when they are not one that is plain, and nothing else. */
  static of(chunk: Buffer, size = chunk.length): PlainUpgrade | undefined {
    if (size > LONGEST) return undefined;
    const [, url, lines] = REQUEST.exec(chunk.toString('latin1', 0, size)) ?? [];
    if (url === undefined || lines === undefined) return undefined;
    const headers: Record<string, string> = {};
    const raw: string[] = [];
    for (let at = 0; at < lines.length; ) {
      const end = lines.indexOf('\r\n', at);
      const colon = lines.indexOf(':', at);
      const name = lines.slice(at, colon);
      const value = lines.slice(colon + 1, end).trimStart();
      const key = name.toLowerCase();
      if (key in headers) return undefined;
      headers[key] = value;
      raw.push(name, value);
      at = end + 2;
    }
    return isHandshake(headers) ? new PlainUpgrade(url, headers, raw) : undefined;
  }

  /** The answer that makes the connection a WebSocket. */
  get answer(): string {
    const accept = hash('sha1', this.headers['sec-websocket-key'] + GUID, 'base64');
    return (
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
    );
  }
}

function isHandshake(headers: Readonly<Record<string, string>>): boolean {
  return (
    headers.host !== undefined &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    UPGRADE.test(headers.connection ?? '') &&
    headers['sec-websocket-version'] === VERSION &&
    KEY.test(headers['sec-websocket-key'] ?? '') &&
    !UNUSUAL.some((name) => name in headers)
  );
}
