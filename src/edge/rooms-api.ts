/** The HTTP calls of players: create a room, look at it, give a command. */
import type { IncomingMessage } from 'node:http';
import { newRoomHead } from '../cluster/new-room.js';
import type { PublicRoom, PublicRooms } from '../cluster/public-rooms.js';
import type { FoundSeat, SeatsIndex } from '../cluster/seats-index.js';
import { CatalogueError } from '../errors.js';
import { findGame } from '../game/games.js';
import { commandRequestSchema, firstIssue } from '../protocol/client-in.js';
import type { ErrorFrame } from '../protocol/client-out.js';
import type { Frame } from '../protocol/frame.js';
import { createSchema, reconnectSchema } from '../protocol/http.js';
import { type CommandId, parseRoomCode, type RoomCode, type Seq } from '../protocol/ids.js';
import type { Connection } from '../room/audience.js';
import type { Mailbox } from '../room/mailbox.js';
import type { RoomSettings } from '../room/state.js';
import type { RoomStore } from '../room/store.js';
import type { Clock } from '../runtime/clock.js';
import { SeatBuckets } from './limits.js';
import { hashToken } from './player-socket.js';

export interface RoomsApiDeps {
  readonly store: Pick<RoomStore, 'create'>;
  readonly seats: Pick<SeatsIndex, 'find'>;
  readonly publicRooms: Pick<PublicRooms, 'list'>;
  readonly clock: Clock;
  /** Whether what Redis lacks may be stored again soon. @throws when it does not answer */
  readonly lostLately: () => Promise<boolean>;
  readonly newRoomCode: () => RoomCode;
  /** Settings of a room whose creator does not choose. */
  readonly defaults: RoomSettings;
  /** Commands a second that a seat may give over HTTP. */
  readonly messageRate: number;
  /** A new room that nobody joins is forgotten after this, ms. */
  readonly unclaimedTtlMs: number;
  /** Copies of the data there are, the primary included. */
  readonly copies: number;
  /** Whether this instance takes another room. */
  readonly hasSpace: () => boolean;
  /** Whether Redis has too little space left for another room. */
  readonly storageLow: () => Promise<boolean>;
}

/** Answer of a command: committed, or refused with an error of the catalogue. */
export type CommandReply = { readonly seq: Seq } | { readonly error: ErrorFrame };

const COMMAND_TIMEOUT_MS = 8_000;
const CODE_ATTEMPTS = 4;

export class RoomsApi {
  private readonly buckets: SeatBuckets;

  constructor(private readonly deps: RoomsApiDeps) {
    this.buckets = new SeatBuckets(deps.clock, deps.messageRate);
  }

  /**
   * Stores a room that nobody owns; the first join claims it. A code is told only of a room that is as safe as a claim.
   * @throws CatalogueError BAD_OPTIONS, NO_COPIES, CLUSTER_FULL, STORAGE_LOW; FROZEN when it is not known whether it is stored
   */
  async create(body: unknown): Promise<RoomCode> {
    const { store, clock, newRoomCode, defaults, unclaimedTtlMs, copies, hasSpace, storageLow } = this.deps;
    if (!hasSpace()) throw new CatalogueError('CLUSTER_FULL');
    const parsed = createSchema.safeParse(body);
    if (!parsed.success) throw new CatalogueError('BAD_OPTIONS', firstIssue(parsed.error));
    const { game: id, options, durability, turn_ms, public: listed } = parsed.data;
    // It would wait for nobody, and promise what is not there.
    if (durability === 'replicated' && copies === 1) throw new CatalogueError('NO_COPIES');
    const game = findGame(id);
    if (!game) throw new CatalogueError('BAD_OPTIONS', `game: there is no game called ${JSON.stringify(id)}`);
    const gameOptions = game.optionsSchema.safeParse(options ?? {});
    if (!gameOptions.success) throw new CatalogueError('BAD_OPTIONS', `options: ${firstIssue(gameOptions.error)}`);
    const settings = {
      ...defaults,
      ...(durability === undefined ? {} : { durability }),
      ...(turn_ms === undefined ? {} : { turn_ms }),
      ...(listed ? { public: true } : {}),
    };
    if (await storageLow()) throw new CatalogueError('STORAGE_LOW');
    for (let attempt = 1; attempt <= CODE_ATTEMPTS; attempt++) {
      const head = newRoomHead(game, gameOptions.data, settings, clock.now(), newRoomCode());
      const isStored = await store.create(head, unclaimedTtlMs).catch(() => {
        // What may be there is forgotten unclaimed: nobody is told its code.
        throw new CatalogueError('FROZEN', 'It is not known whether the table is safe; create another.');
      });
      if (isStored) return head.code;
    }
    throw new CatalogueError('INTERNAL');
  }

  /** The public tables where somebody is. */
  async list(): Promise<{ rooms: readonly PublicRoom[] }> {
    return { rooms: await this.deps.publicRooms.list() };
  }

  /** The seat token of a request to come back. @throws CatalogueError BAD_REQUEST */
  tokenIn(body: unknown): string {
    const parsed = reconnectSchema.safeParse(body);
    if (!parsed.success) throw new CatalogueError('BAD_REQUEST', firstIssue(parsed.error));
    return parsed.data.token;
  }

  /** The room and seat of a seat token that does not name its room. @throws CatalogueError WRONG_TOKEN; FROZEN while it may come back */
  async findSeat(token: string): Promise<FoundSeat> {
    const found = await this.deps.seats.find(hashToken(token));
    if (!found) throw new CatalogueError((await this.deps.lostLately()) ? 'FROZEN' : 'WRONG_TOKEN');
    return found;
  }

  /**
   * Gives a command in the name of whoever holds `token`; the answer comes when it is committed.
   * @throws CatalogueError BAD_REQUEST, RATE_LIMITED; FROZEN when the outcome is not known in time, or the seat of the token
   * may come back: ask again with the same id
   */
  async command(mailbox: Mailbox, token: string, body: unknown): Promise<CommandReply> {
    const reply = await this.give(mailbox, token, body);
    const isLost = 'error' in reply && reply.error.code === 'NOT_SEATED' && (await this.deps.lostLately());
    if (isLost) throw new CatalogueError('FROZEN');
    return reply;
  }

  private give(mailbox: Mailbox, token: string, body: unknown): Promise<CommandReply> {
    const parsed = commandRequestSchema.safeParse(body);
    if (!parsed.success) throw new CatalogueError('BAD_REQUEST', firstIssue(parsed.error));
    const { id, command, for: turn } = parsed.data;
    const holder = hashToken(token);
    if (!this.buckets.take(mailbox.code, mailbox.seatOf(holder))) throw new CatalogueError('RATE_LIMITED');
    return new Promise((resolve, reject) => {
      const timer = this.deps.clock.after(COMMAND_TIMEOUT_MS, () => reject(new CatalogueError('FROZEN')));
      const from = new OneAnswer(id, (reply) => {
        timer.cancel();
        if (reply instanceof CatalogueError) reject(reply);
        else resolve(reply);
      });
      mailbox.post({ type: 'command', from, holder, id, command, turn });
    });
  }
}

/** The connection that a single HTTP request is to a room: it waits for the answer to one command. */
class OneAnswer implements Connection {
  readonly clientId = '';

  constructor(
    private readonly id: CommandId,
    private readonly done: (reply: CommandReply | CatalogueError) => void,
  ) {}

  send({ text }: Frame): void {
    const frame = JSON.parse(text) as { type: string; id?: string; seq?: Seq };
    if (frame.id !== this.id) return;
    if (frame.type === 'ack' && frame.seq !== undefined) this.done({ seq: frame.seq });
    else if (frame.type === 'error') this.done({ error: frame as unknown as ErrorFrame });
  }

  moved(): void {
    this.close('MOVED');
  }

  close(code: ConstructorParameters<typeof CatalogueError>[0]): void {
    this.done(new CatalogueError(code));
  }
}

/** The address that a request asks for; undefined when it is none. */
export function requestUrl(request: Pick<IncomingMessage, 'url'>): URL | undefined {
  try {
    return new URL(request.url ?? '/', 'http://host');
  } catch {
    return undefined;
  }
}

/** @throws CatalogueError BAD_ROOM_CODE when there is none, more than one, or none of the right shape */
export function roomCodeOf(url: URL): RoomCode {
  const codes = url.searchParams.getAll('room_code');
  const code = codes.length === 1 ? parseRoomCode(codes[0] ?? '') : undefined;
  if (code === undefined) throw new CatalogueError('BAD_ROOM_CODE');
  return code;
}
