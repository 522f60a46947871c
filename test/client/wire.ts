/** The wire as a test holds it: the server's end of a client's sockets, and a table of Hokm to tell about. */
import type { SocketLike } from '../../src/client/socket.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { playing, seat } from '../game/positions.js';

/** A server's end of the sockets, to say what a server may say. */
export class Wire {
  /** Connections begun. */
  dials = 0;
  private readonly sent: { readonly type: string; readonly id?: string }[] = [];
  private socket: SocketLike | undefined;

  readonly open = (): SocketLike => {
    this.dials += 1;
    this.socket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.sent.push(JSON.parse(text)),
      close: () => undefined,
    };
    return this.socket;
  };

  opened(): void {
    this.socket?.onopen?.();
  }

  say(frame: object): void {
    this.socket?.onmessage?.({ data: JSON.stringify(frame) });
  }

  lost(code = 1006): void {
    this.socket?.onclose?.({ code, reason: '' });
  }

  sentOf(type: string): { readonly id?: string }[] {
    return this.sent.filter((frame) => frame.type === type);
  }

  commands(): { readonly id?: string }[] {
    return this.sentOf('command');
  }
}

export const led = { type: 'card_played', seat: seat(3), card: '4S' } as const;
export const start = playing(['AS KS', '2S 2H', '3S 3H', '4S 4H'], 'H', {}, seat(3));
export const ownTurn = { deadline: 1, legal: [{ type: 'play', card: 'AS' }] };

export const welcome = (state: typeof start) => ({
  type: 'welcome',
  v: 1,
  room: '7KQ2M9XZ',
  seat: 0,
  last_command: 0,
  now: 0,
  epoch: 1,
  seq: 5,
  digest: 'd5',
  presence: { seats: [true, true, true, true], spectators: 0 },
  deadline: null,
  resumed: false,
  view: {
    room: '7KQ2M9XZ',
    game: 'hokm',
    options: {},
    turn_ms: 20_000,
    status: 'playing',
    host: 0,
    seat: 0,
    seats: [0, 1, 2, 3].map((at) => ({ name: `Player ${at}`, bot: false, substituted: false })),
    match: 1,
    table: hokm.view(state, seat(0)),
  },
});
