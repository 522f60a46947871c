/**
 * A device with the clients of many seats, as a program of its own, so that it falls asleep as a whole. `Sleepers` starts
 * it, and writes down what its clients send and receive.
 */
import type { Seat } from '../../src/game/game.js';
import type { RoomView } from '../../src/protocol/client-out.js';
import type { RoomCode, Seq } from '../../src/protocol/ids.js';
import { until } from '../support/programs.js';
import type { Notes } from './history.js';
import { Player } from './player.js';
import type { SocketTap } from './tapped-socket.js';

export interface DeviceOptions {
  /** `ws://host/ws` */
  readonly url: string;
  readonly seatDelayMs: number;
  /** The clients, each with what proves its seat. */
  readonly seats: readonly { readonly room: RoomCode; readonly seat: Seat; readonly token: string }[];
}

/** noted: the frame that was sent first of those that are not is written down, and may go. rest: to the end. */
export type ToDevice =
  | ({ readonly type: 'play' } & DeviceOptions)
  | { readonly type: 'noted' }
  | { readonly type: 'sleep' }
  | { readonly type: 'rest' };

/** `client`: place in the list of seats. `line`: number of a socket, of all. `due`: ms since 1970. */
export type FromDevice =
  | { readonly type: 'dialled'; readonly client: number; readonly line: number }
  | { readonly type: 'opened'; readonly line: number }
  | {
      readonly type: 'sent';
      readonly client: number;
      readonly line: number;
      readonly text: string;
      readonly due: number;
    }
  | { readonly type: 'received'; readonly line: number; readonly text: string }
  | { readonly type: 'closed'; readonly line: number; readonly code: number }
  | { readonly type: 'saw'; readonly client: number; readonly seq: Seq; readonly view: RoomView };

const REST_MS = 30_000;

const players: Player[] = [];
/** What is to be done when frames are written down, the oldest first. */
const unnoted: (() => void)[] = [];
let lines = 0;

const tell = (message: FromDevice) => void process.send?.(message);

/** Writes down in the other process. */
class DistantNotes implements Notes {
  due = 0;

  constructor(private readonly client: number) {}

  tap(): SocketTap {
    const { client } = this;
    const line = lines++;
    tell({ type: 'dialled', client, line });
    return {
      opened: () => tell({ type: 'opened', line }),
      received: (text) => tell({ type: 'received', line, text }),
      closed: (code) => tell({ type: 'closed', line, code }),
      sent: (text) => {
        tell({ type: 'sent', client, line, text, due: performance.timeOrigin + this.due });
        return new Promise((noted) => unnoted.push(noted));
      },
    };
  }

  noteView(seq: Seq, view: RoomView): void {
    tell({ type: 'saw', client: this.client, seq, view });
  }
}

function play({ url, seatDelayMs, seats }: DeviceOptions): void {
  for (const [client, seat] of seats.entries()) {
    players.push(new Player({ url, seatDelayMs, ...seat, history: new DistantNotes(client) }));
  }
}

/** Every second client will find its socket dead without a word; of the others, the network hears the server close it. */
function sleep(): void {
  for (const player of players.filter((_, at) => at % 2 === 1)) player.loseNetwork();
  process.kill(process.pid, 'SIGSTOP');
}

/** As browsers do, which tell the page. */
function wake(): void {
  for (const player of players) player.findNetwork();
}

/** No new moves: ends when nothing is under way. */
async function rest(): Promise<void> {
  for (const player of players) player.rest();
  const settled = () => players.every(({ state }) => state.pending === 0 && state.connection !== 'connecting');
  await until('all is answered', settled, REST_MS).catch(() => undefined);
  for (const player of players) {
    player.noteView();
    player.close();
  }
  process.disconnect();
}

process.on('SIGCONT', wake);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToDevice) => {
  switch (message.type) {
    case 'play':
      return play(message);
    case 'noted':
      return unnoted.shift()?.();
    case 'sleep':
      return sleep();
    case 'rest':
      return void rest();
  }
});
