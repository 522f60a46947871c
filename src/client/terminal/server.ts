/** Where a cluster is reached, and the one HTTP call that the player makes. */
import { parseRoomCode, type RoomCode, readRoomCode } from '../../protocol/ids.js';
import { UsageError } from './usage-error.js';

/** Of a room that is to be created: the body of `POST /api/rooms`. */
export interface NewRoom {
  readonly options: Readonly<Record<string, unknown>>;
  readonly turn_ms?: number;
  readonly durability?: string;
}

export interface Server {
  /** `http://host[:port]`, without a path. */
  readonly http: string;
  /** `ws://host[:port]/ws`. */
  readonly ws: string;
  /** Of an address that was copied with its `?room_code=`. */
  readonly room: RoomCode | undefined;
}

const REQUEST_MS = 10_000;

/** @throws UsageError */
export function parseServer(text: string): Server {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^(?:http|ws)s?:$/.test(url.protocol) || url.host === '') {
    throw new UsageError('--url must be http(s)://host[:port] or ws(s)://host[:port].');
  }
  const s = /^(?:https|wss):$/.test(url.protocol) ? 's' : '';
  const asked = url.search.includes('room_code');
  const room = asked ? readRoomCode(url.search) : undefined;
  if (asked && room === undefined) {
    throw new UsageError('--url names a room_code that cannot be read: it has 8 letters and digits, as 7KQ2M9XZ.');
  }
  return { http: `http${s}://${url.host}`, ws: `ws${s}://${url.host}/ws`, room };
}

/** Undefined when anything at all answers there, else why it cannot be spoken to, to be read after its address. */
export async function unreachable(server: Server): Promise<string | undefined> {
  try {
    const response = await fetch(server.http, { method: 'HEAD', signal: AbortSignal.timeout(REQUEST_MS) });
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

/** What TLS says of a certificate that this process does not trust. */
const UNTRUSTED = /^(?:CERT_|DEPTH_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;
export const TRUST = 'has a certificate that is not trusted here: name its PEM file in NODE_EXTRA_CA_CERTS';

function explain(error: unknown): string {
  const { code = '' } = ((error as Error).cause ?? {}) as { code?: string };
  return UNTRUSTED.test(code) ? TRUST : 'does not answer';
}

/** `POST /api/rooms`. @throws UsageError with the server's own sentence, or that there is no server. */
export async function createRoom(server: Server, room: NewRoom): Promise<RoomCode> {
  let reply: { room_code?: unknown; error?: { code?: unknown; message?: unknown } };
  let status = 0;
  try {
    const response = await fetch(`${server.http}/api/rooms`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(room),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    status = response.status;
    reply = (await response.json()) as typeof reply;
  } catch (error) {
    const why = status === 0 ? explain(error) : `is not a Hokm cluster (status ${status})`;
    throw new UsageError(`${server.http} ${why}.`);
  }
  const code = parseRoomCode(String(reply.room_code ?? ''));
  if (code !== undefined) return code;
  const { code: name = status, message = 'The room could not be created.' } = reply.error ?? {};
  throw new UsageError(`${name}: ${message}`);
}
