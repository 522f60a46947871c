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

/** The code that a person's spelling means (case and hyphens ignored), or undefined when it is none. */
export function parseRoomCode(text: string): RoomCode | undefined {
  if (text.length > 32) return undefined;
  const code = text.replaceAll('-', '').toUpperCase();
  return ROOM_CODE.test(code) ? (code as RoomCode) : undefined;
}
