/** Text as one whole WebSocket frame of a server (RFC 6455, 5.2): header and payload in one piece. */

const FIN_TEXT = 0x81;
/** Payload lengths that fit into the header's first two bytes, and into two more. */
const SHORT = 125;
const MEDIUM = 65_535;

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FIN_TEXT;
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  // Most texts are ASCII, which is written faster as Latin-1.
  frame.write(text, start, length === text.length ? 'latin1' : 'utf8');
  return frame;
}
