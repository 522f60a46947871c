/** A seat's command by HTTP instead of its socket: sent again under its id until it is answered for good. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomCode, Seq } from '../../src/protocol/ids.js';
import { randomHex } from '../../src/runtime/random.js';
import type { ClientHistory, SentCommand } from './history.js';

export interface RequestDoor {
  /** `http://host:port` of the players' door. */
  readonly base: string;
  readonly room: RoomCode;
  readonly history: ClientHistory;
  /** Nobody waits for an answer any more. */
  readonly over: AbortSignal;
}

/** Whether the command with this id was given here. */
export const isByRequest = (id: string): boolean => id.includes(`-${MARK}`);

interface Answer {
  readonly seq?: Seq;
  readonly error?: { readonly code: string; readonly retry: boolean };
}

/** Begins the second part of their ids; the client library's have no capital letters. */
const MARK = 'HTTP';
const AGAIN_MS = 250;
/** Longer than an instance waits for the outcome of a command. */
const ANSWER_MS = 10_000;

/** Resolves when the command is done, or refused for good; the history has it. */
export async function requestCommand(
  { base, room, history, over }: RequestDoor,
  token: string,
  command: { readonly type: string },
  turn: Seq | null,
): Promise<void> {
  const counter = 1 + Math.max(0, ...[...history.commands.keys()].map((id) => Number.parseInt(id, 10)));
  const body: SentCommand = {
    id: `${counter}-${MARK}${randomHex(4)}`,
    command,
    ...(turn === null ? {} : { for: turn }),
  };
  while (!over.aborted) {
    const notes = history.sentByRequest(body);
    const answer = await post(`${base}/api/room/commands?room_code=${room}`, token, body);
    if (answer?.seq !== undefined) return notes.acked(answer.seq);
    if (answer?.error?.retry === false) return notes.refused(answer.error.code);
    await sleep(AGAIN_MS);
  }
}

/** Undefined when no answer came, or none that can be read. */
async function post(url: string, token: string, body: SentCommand): Promise<Answer | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return (await answer.json()) as Answer;
  } catch {
    return undefined;
  }
}
