import type { Mailbox } from '../../src/room/mailbox.js';
import type { RoomHead, RoomSettings } from '../../src/room/state.js';
import type { StoredRoom, StoredSnapshot } from '../../src/room/store.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { instance, newHead, type OpenedRoom, openRoom, Player, type TestConnection } from './rooms.js';
import { ScriptedStore } from './scripted-store.js';

export const ADD = (at: number) => ({ type: 'add_bot', seat: at });
export const KICK = (at: number) => ({ type: 'kick', seat: at });
export const START_MATCH = { type: 'start', fill_with_bots: true };

export class Stage {
  private constructor(
    readonly clock: ManualClock,
    readonly store: ScriptedStore,
    readonly head: RoomHead,
    /** The room as it is played now. */
    public opened: OpenedRoom,
  ) {}

  static async open(
    settings: Partial<RoomSettings> = {},
    changes: Parameters<typeof openRoom>[4] = {},
  ): Promise<Stage> {
    const clock = new ManualClock();
    const store = new ScriptedStore(clock);
    const head = newHead('MAILB0X0', settings, { target_points: 7 });
    const stage = new Stage(clock, store, head, await openRoom(store, clock, head, 'instance-a', changes));
    await settled();
    return stage;
  }

  get mailbox(): Mailbox {
    return this.opened.mailbox;
  }

  get code() {
    return this.head.code;
  }

  /** Players who have joined. */
  async players<Names extends string[]>(...names: Names): Promise<{ [At in keyof Names]: Player }> {
    const made = names.map((name) => new Player(() => this.mailbox, name));
    for (const player of made) {
      player.hello();
      await settled();
    }
    return made as { [At in keyof Names]: Player };
  }

  async seqs(): Promise<number[]> {
    return (await this.store.log(this.code)).map(({ seq }) => seq);
  }

  /** How often each command id is in the log. */
  async ids(): Promise<string[]> {
    return (await this.store.log(this.code)).flatMap(({ entry }) => (entry.by ? [entry.by.id] : []));
  }

  /** What another instance would load. */
  async stored(): Promise<StoredRoom> {
    const meta = await this.store.inner.meta(this.code);
    if (meta === null) throw new Error('gone');
    const reply = await this.store.inner.claim(this.code, meta, instance('reader'), 'reader:1');
    if (reply.outcome !== 'ok') throw new Error(reply.outcome);
    return reply.room;
  }

  /** The room as the mailbox has it. */
  async kept(): Promise<StoredSnapshot> {
    const snapshot = await this.mailbox.seal();
    if (!snapshot) throw new Error('the room is over');
    return JSON.parse(JSON.stringify(snapshot));
  }
}

export const counts = (...connections: TestConnection[]) => connections.map(({ frames }) => frames.length);
export const types = (connection: TestConnection, since = 0) => connection.frames.slice(since).map(({ type }) => type);
