/** The HTTP calls of the page. */
import type { RoomCode, RoomView } from '../../client/browser.js';

export interface NewTable {
  readonly options: {
    readonly target_points?: number;
    readonly play_all_tricks?: boolean;
    readonly redeal_right?: boolean;
    readonly trump_modes?: readonly string[];
  };
  readonly turn_ms?: number;
  readonly public?: boolean;
}

export interface OpenTable {
  readonly room_code: RoomCode;
  readonly options: { readonly target_points?: number };
  readonly turn_ms: number;
  readonly status: RoomView['status'];
  readonly seats: readonly ({ readonly name: string; readonly bot: boolean } | null)[];
}

export interface LogEntry {
  readonly seq: number;
  readonly events: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
}

/** The server refused, or did not answer (`NO_ANSWER`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly code: string) {
    super(code);
  }
}

const TIMEOUT_MS = 8_000;

export async function createTable(table: NewTable): Promise<RoomCode> {
  const { room_code } = await call<{ room_code: RoomCode }>('/api/rooms', table);
  return room_code;
}

export async function openTables(): Promise<readonly OpenTable[]> {
  return (await call<{ rooms: readonly OpenTable[] }>('/api/rooms')).rooms;
}

/** What everybody may see of a table. */
export async function lookAt(room: RoomCode): Promise<RoomView> {
  return (await call<{ view: RoomView }>(`/api/room?room_code=${room}`)).view;
}

/** The room of a seat token, wherever it is played. */
export async function findSeat(token: string): Promise<RoomCode> {
  return (await call<{ room_code: RoomCode }>('/api/reconnect', { token })).room_code;
}

/** The public log after entry `after`, as much as one answer holds. */
export async function readLog(room: RoomCode, after: number): Promise<{ seq: number; entries: readonly LogEntry[] }> {
  return call(`/api/room/events?room_code=${room}&after=${after}`);
}

async function call<Answer>(path: string, body?: unknown): Promise<Answer> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
    throw new ApiError('NO_ANSWER');
  });
  const answer = (await response.json().catch(() => ({}))) as Answer & { error?: { code?: string }; code?: string };
  if (!response.ok) throw new ApiError(answer.error?.code ?? answer.code ?? 'NO_ANSWER');
  return answer;
}
