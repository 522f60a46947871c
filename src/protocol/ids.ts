/** The opaque names that travel between parts. A value of one of these types has been checked. */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** 8 Crockford symbols, upper case, without hyphens. */
export type RoomCode = Branded<string, 'RoomCode'>;
/** Random for every process start, so that equality is identity. */
export type InstanceId = Branded<string, 'InstanceId'>;
/** Rises with every change of a room's owner, from 1. */
export type Epoch = Branded<number, 'Epoch'>;
/** Number of a room's log entry, from 1, without gaps; 0 is the empty log. */
export type Seq = Branded<number, 'Seq'>;
/** Hash chain over a room's log entries: 16 hex digits. */
export type Digest = Branded<string, 'Digest'>;
/** `counter-nonce`, chosen by the client; the counter rises with every command of a seat. */
export type CommandId = Branded<string, 'CommandId'>;

const ROOM_CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;

const ROOM_TOKEN = /^([0-9A-HJKMNP-TV-Z]{8})-[0-9A-Za-z_-]{22,}$/;

/** A seat token that names its room: with it alone a player comes back, whatever else is lost. `secret`: ≥ 128 random bits. */
export const tokenOf = (room: RoomCode, secret: string): string => `${room}-${secret}`;

/** The room that a seat token names, if it names one; an older token can look as if it did. */
export const roomOfToken = (token: string): RoomCode | undefined => ROOM_TOKEN.exec(token)?.[1] as RoomCode | undefined;

/** The code that a program's spelling means (case and hyphens ignored), or undefined when it is none. HAProxy reads the same. */
export function parseRoomCode(text: string): RoomCode | undefined {
  if (text.length > 32) return undefined;
  const code = text.replaceAll('-', '').toUpperCase();
  return ROOM_CODE.test(code) ? (code as RoomCode) : undefined;
}

const LONGEST_TEXT = 2_000;
const IN_LINK = /room_code(?:=|%3D)([^&#\s]*)/i;
/** A code amid words: one with a digit or a hyphen, as other words of eight letters have neither. */
const AMID_WORDS = /(?<![0-9A-Z])(?:(?=[A-Z]*[0-9])[0-9A-Z]{8}|[0-9A-Z]{4}\p{Pd}[0-9A-Z]{4})(?![0-9A-Z])/giu;

/**
 * The code that a person means, or undefined when no single one is meant. Understood: a whole link; signs, spaces and marks
 * without width around and within; the digits of Persian, Arabic and full-width keyboards; `O` for 0, `I` and `L` for 1.
 * What comes of it is what servers take: nobody sends a person's spelling over the wire.
 */
export function readRoomCode(text: string): RoomCode | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const plain = latinDigits(text.normalize('NFKC').replace(/\p{Cf}/gu, ''));
  const link = IN_LINK.exec(plain)?.[1];
  if (link !== undefined) return bareCode(latinDigits(unescaped(link).normalize('NFKC')));
  const whole = bareCode(plain);
  if (whole !== undefined) return whole;
  const found = new Set([...plain.matchAll(AMID_WORDS)].map(([word]) => bareCode(word)));
  return found.size === 1 ? [...found][0] : undefined;
}

function bareCode(text: string): RoomCode | undefined {
  const signs = text.replace(/[\p{P}\p{S}\p{Z}\p{C}\p{M}]/gu, '').toUpperCase();
  return parseRoomCode(signs.replaceAll('O', '0').replace(/[IL]/g, '1'));
}

/** Persian and Arabic digits as 0 to 9. */
const latinDigits = (text: string): string =>
  text.replace(/[\u06f0-\u06f9\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) & 15));

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
