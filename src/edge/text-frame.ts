/**
 * Text as one unfragmented, unmasked WebSocket frame (RFC 6455, 5.2): header and payload in one piece, one write.
 *
 * A frame is a string of bytes, one character (0 to 255) each, as `latin1` writes them: most text is ASCII and goes to
 * the kernel without a buffer of its own, and frames are joined like any strings.
 */

const FIN_TEXT = 0x81;
const PONG = 0x8a;
/** A ping that carries nothing. */
export const PING = '\x89\x00';
/** Payload lengths that fit into the header's first two bytes, and into two more. */
const SHORT = 125;
const MEDIUM = 65_535;

/** The answer to a ping, whose data are at most 125 bytes. */
export const pongFrame = (data: Buffer): string => String.fromCharCode(PONG, data.length) + data.toString('latin1');

export function textFrame(text: string): string {
  const length = Buffer.byteLength(text);
  const payload = length === text.length ? text : Buffer.from(text).toString('latin1');
  return header(length) + payload;
}

function header(length: number): string {
  if (length <= SHORT) return String.fromCharCode(FIN_TEXT, length);
  if (length <= MEDIUM) return String.fromCharCode(FIN_TEXT, 126, length >> 8, length & 0xff);
  const bytes = Buffer.alloc(10);
  bytes[0] = FIN_TEXT;
  bytes[1] = 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes.toString('latin1');
}
