/** Which screen the address means: `/` is home, `/?room_code=CODE` a table, `&watch` beside it. */
import { type RoomCode, readRoomCode } from '../../client/browser.js';

export interface Route {
  /** `undefined`: home. */
  readonly room: RoomCode | undefined;
  /** What the address says where a code should be, if that is none. */
  readonly unread: string | undefined;
  /** Without a seat. */
  readonly watch: boolean;
  /** What the person who comes here has already said. */
  readonly intent: Intent;
}

/** Kept in the history entry, so that a reloaded page does not ask again. */
export interface Intent {
  /** Sit down without asking for a name. */
  readonly sit?: boolean;
  /** As host, put so many bots on seats; `start`: and begin. */
  readonly bots?: number;
  readonly start?: boolean;
}

export class Router {
  private readonly listeners = new Set<() => void>();
  private route = read();

  constructor() {
    addEventListener('popstate', () => this.changed());
  }

  get current(): Route {
    return this.route;
  }

  home(): void {
    history.pushState({}, '', '/');
    this.changed();
  }

  toTable(room: RoomCode, intent: Intent = {}, watch = false): void {
    history.pushState(intent, '', `/?room_code=${room}${watch ? '&watch' : ''}`);
    this.changed();
  }

  /** What the person who came here had asked for is done: a page that is loaded again does not ask for it again. */
  fulfilled(): void {
    history.replaceState({ sit: true } satisfies Intent, '');
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    this.route = read();
    for (const listener of this.listeners) listener();
  }
}

function read(): Route {
  const query = new URLSearchParams(location.search);
  const asked = location.search.includes('room_code');
  // The whole of it: links come with the signs around them, and with what programs have made of their own signs.
  const room = asked ? readRoomCode(location.search) : undefined;
  const { sit, bots, start } = (history.state ?? {}) as Record<string, unknown>;
  return {
    room,
    unread: asked && room === undefined ? (query.get('room_code') ?? '') : undefined,
    watch: [...query.keys()].some((key) => /^(?:amp;)?watch\P{L}*$/u.test(key)),
    intent: { sit: sit === true, bots: typeof bots === 'number' ? bots : 0, start: start === true },
  };
}

/** The address to give to others. */
export const linkTo = (room: RoomCode): string => `${location.origin}/?room_code=${room}`;

/** Where the tables' sockets are. */
export const socketUrl = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
