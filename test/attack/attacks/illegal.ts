/** Well-formed moves that the rules forbid, and moves that have been made before. */
import { DECK, SUITS } from '../../../src/game/cards.js';
import type { RoomCode, Seq } from '../../../src/protocol/ids.js';
import type { Entry } from '../../../src/room/state.js';
import { type Attack, each, type Scene } from '../attack.js';
import { AttackedTable, type Move, type Sitting } from '../seat.js';

const TABLES = 16;
/** A room lets 32 messages of one socket wait. */
const PORTION = 24;
const REPLAYS = 6;
const OPTIONS = { target_points: 13, play_all_tricks: true };

/** Everything that could be tried at a table, of the game and of the room. */
const ALL: readonly Move[] = [
  ...DECK.map((card) => ({ type: 'play', card })),
  ...[...SUITS, 'naras', 'asnaras'].map((trump) => ({ type: 'name_trump', trump })),
  ...[{ type: 'redeal' }, { type: 'claim_forfeit' }, { type: 'start', fill_with_bots: true }],
  ...[0, 1, 2, 3, 7].map((seat) => ({ type: 'choose_seat', seat })),
  ...[0, 1, 2, 3].map((seat) => ({ type: 'add_bot', seat })),
  // Seat 0 hosts, and may give a seat away.
  ...[0].map((seat) => ({ type: 'kick', seat })),
];

interface Sent {
  readonly id: string;
  readonly command: Move;
  readonly seq: number;
}

class Table {
  /** Moves that were acknowledged, by seat. */
  private readonly made = new Map<Sitting, Sent[]>();
  readonly legal = new Set<string>();
  readonly refusals = new Map<string, number>();

  constructor(
    private readonly table: AttackedTable,
    private readonly scene: Scene,
  ) {}

  /** One position: everybody tries what is forbidden, then the seat on turn moves. */
  async position(): Promise<number> {
    const acting = await this.table.turn();
    if (acting === undefined) {
      await this.table.start();
      return this.position();
    }
    const { seq } = acting;
    await Promise.all(this.table.sitting.map((one) => this.offend(one)));
    if (this.table.sitting.some((one) => one.seq !== seq))
      this.scene.broken(`room ${this.table.code} went on from ${seq}`);
    const command = acting.legal[this.scene.random.between(0, acting.legal.length - 1)];
    if (command) await this.move(acting, command);
    return this.table.sitting.length * PORTION;
  }

  private async move(acting: Sitting, command: Move): Promise<void> {
    const id = acting.nextId();
    acting.wire.send({ type: 'command', id, command });
    const [answer] = await acting.wire.take(1);
    if (answer?.type !== 'ack') throw new Error(`a legal move was answered with ${JSON.stringify(answer)}`);
    this.legal.add(`${acting.seat}/${id}`);
    this.made.set(acting, [...(this.made.get(acting) ?? []).slice(-40), { id, command, seq: answer.seq }]);
    await this.table.until(() => this.table.sitting.every(({ seq }) => seq >= answer.seq), 'the move');
  }

  private async offend(one: Sitting): Promise<void> {
    const { random } = this.scene;
    const allowed = new Set(one.legal.map((move) => JSON.stringify(move)));
    const forbidden = ALL.filter((move) => !allowed.has(JSON.stringify(move)));
    const made = this.made.get(one) ?? [];
    const expected = new Map<string, Sent | undefined>();
    for (let at = 0; at < PORTION; at++) {
      const again = at < REPLAYS ? made[random.between(0, Math.max(0, made.length - 1))] : undefined;
      const command = forbidden[random.between(0, forbidden.length - 1)] as Move;
      const id = again?.id ?? one.nextId();
      expected.set(id, again);
      // A replay comes as it was, or with another move under its id.
      one.wire.send({ type: 'command', id, command: again && at % 2 === 0 ? again.command : command });
    }
    for (const answer of await one.wire.take(PORTION)) {
      const id = 'id' in answer ? String(answer.id) : '';
      const again = expected.get(id);
      if (answer.type === 'ack') {
        if (again?.seq !== answer.seq)
          this.scene.broken(`seat ${one.seat}: ${JSON.stringify(answer)} in ${this.table.code}`);
        this.refusals.set('replayed', (this.refusals.get('replayed') ?? 0) + 1);
      } else if (answer.type === 'error') {
        this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
      }
    }
    if (one.wire.closed !== undefined) throw new Error(`a seat was closed with ${one.wire.closed}`);
  }
}

/** Commands in the log that should not be there, or stand there twice. */
async function intruders(scene: Scene, code: string, legal: ReadonlySet<string>): Promise<string[]> {
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (let after = 0; ; ) {
    const page = await scene.cluster.store.read(code as RoomCode, after as Seq, 1_000);
    for (const { seq, text } of page) {
      const { by, events } = JSON.parse(text) as Entry;
      const key = by && `${by.seat}/${by.id}`;
      const ofRoom = events.some(({ type }) => type === 'match_started');
      if (key && ((!legal.has(key) && !ofRoom) || seen.has(key))) wrong.push(`${key} at ${seq} of ${code}`);
      if (key) seen.add(key);
    }
    const last = page.at(-1);
    if (!last) return [...wrong, ...[...legal].filter((key) => !seen.has(key)).map((key) => `${key} is lost`)];
    after = last.seq;
  }
}

export const illegal: Attack = {
  name: 'illegal',
  what: 'well-formed illegal moves and replays',
  limits: 'lifted',
  full: 1_000_000,
  least: 500,
  unit: 'moves',
  async run(scene) {
    let left = scene.times;
    const refusals = new Map<string, number>();
    let moves = 0;
    await each(Math.min(TABLES, Math.ceil(scene.times / 400)), TABLES, async () => {
      const attacked = await AttackedTable.open(scene, OPTIONS);
      const table = new Table(attacked, scene);
      while (left > 0) {
        const sent = await table.position();
        left -= sent;
        scene.did(sent);
      }
      for (const text of await intruders(scene, attacked.code, table.legal)) scene.broken(text);
      for (const [code, count] of table.refusals) refusals.set(code, (refusals.get(code) ?? 0) + count);
      moves += table.legal.size;
      attacked.close();
    });
    return { legal_moves: moves, ...Object.fromEntries(refusals) };
  },
};
