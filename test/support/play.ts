/** A table played from tests: one player by the client library, three bots of the room. */
import { playAsBot } from '../../src/client/bot.js';
import { joinTable } from '../../src/client/node.js';
import type { Table } from '../../src/client/table.js';
import type { ClientOut, EventFrame, RoomView } from '../../src/protocol/client-out.js';

export interface PlayedRoom {
  readonly room: string;
  readonly table: Table;
  /** The seqs of this player's moves that were acknowledged, in order. */
  readonly acked: number[];
  /** Every event that was shown, in order. */
  readonly events: EventFrame[];
  /** What the player was told in frames of the type `error`. */
  readonly errors: ClientOut[];
  /** The view when the match is over or the table is closed. */
  readonly finished: Promise<RoomView | null>;
}

/** Sits down, fills the room with bots, and plays. @param url `ws://host:port/ws` */
export async function playWithBots(url: string, room: string): Promise<PlayedRoom> {
  const acked: number[] = [];
  const events: EventFrame[] = [];
  const errors: ClientOut[] = [];
  const onFrame = (frame: ClientOut) => {
    if (frame.type === 'event') events.push(frame);
    if (frame.type === 'error') errors.push(frame);
    if (frame.type === 'ack') acked.push(frame.seq);
  };
  const table = joinTable({ url, room, name: 'Sara', onFrame });
  await seated(table);
  await table.command({ type: 'start', fill_with_bots: true } as { type: string });
  return { room, table, acked, events, errors, finished: playAsBot(table) };
}

function seated(table: Table): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { connection, seat, error } = table.state;
      if (connection === 'closed') reject(new Error(`the table is closed: ${error?.message}`));
      else if (connection === 'open' && seat !== null) resolve();
      else return;
      unsubscribe();
    };
    const unsubscribe = table.subscribe(look);
    look();
  });
}
