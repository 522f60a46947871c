/**
 * What goes on at a table beside the game: players leave and others come, the host sends somebody away, seats are changed
 * and exchanged between matches. One thing at a time, so that the table is never without players for long.
 */
import type { Seat } from '../../src/game/game.js';
import { until } from '../support/programs.js';
import type { Player } from './player.js';
import type { Seeded } from './seeded.js';

export interface TableOfPlayers {
  /** Those who are there now; the places in the list stay, who has them changes. */
  readonly players: Player[];
  /** Puts a newcomer in that place of the list, who would like that seat. */
  readonly replace: (place: number, wished: Seat | undefined) => void;
}

const BETWEEN_MS = [800, 2_500] as const;
const AGAIN_MS = 300;
const COMPLETE_MS = 15_000;

const isGone = ({ state }: Player) => state.connection === 'closed';

export class RestlessTable {
  private timer: NodeJS.Timeout | undefined;
  private readonly returns = new Set<NodeJS.Timeout>();
  /** Commands that are not answered, and players who are about to lose their seats. */
  private readonly underWay = new Set<Promise<boolean> | Player>();
  private resting = false;

  constructor(
    private readonly table: TableOfPlayers,
    private readonly random: Seeded,
  ) {
    this.schedule();
  }

  /** Nobody leaves any more; resolves when everybody is there, or after a while. */
  async rest(): Promise<void> {
    this.pause();
    await until('everybody is at the table', () => this.isComplete, COMPLETE_MS).catch(() => undefined);
  }

  pause(): void {
    this.resting = true;
    clearTimeout(this.timer);
  }

  close(): void {
    this.pause();
    for (const timer of this.returns) clearTimeout(timer);
  }

  /** The player in that place has no seat any more; somebody comes, as soon as nobody is turned away. */
  gone(place: number, code: string): void {
    const wished =
      this.random.between(0, 1) === 1 && code !== 'SEAT_TAKEN' ? this.table.players[place]?.seat : undefined;
    const timer = setTimeout(() => {
      this.returns.delete(timer);
      this.table.replace(place, wished ?? undefined);
    }, AGAIN_MS);
    this.returns.add(timer);
  }

  get isResting(): boolean {
    return this.resting;
  }

  private get isComplete(): boolean {
    for (const one of this.underWay) if (!(one instanceof Promise) && isGone(one)) this.underWay.delete(one);
    if (this.underWay.size > 0 || this.returns.size > 0) return false;
    return this.table.players.every(({ state }) => state.connection === 'open');
  }

  /** @param loser whoever loses the seat by it */
  private give(by: Player | undefined, command: Parameters<Player['command']>[0], loser?: Player): void {
    if (!by) return;
    const answered = by.command(command);
    this.underWay.add(answered);
    void answered.then((done) => {
      this.underWay.delete(answered);
      if (done && loser) this.underWay.add(loser);
    });
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.resting) return;
    this.timer = setTimeout(
      () => {
        if (this.isComplete) this.act();
        this.schedule();
      },
      this.random.between(...BETWEEN_MS),
    );
  }

  private act(): void {
    const [one, other] = this.two();
    const view = one?.state.view;
    if (!one || !other || !view) return;
    const host = this.table.players.find(({ seat }) => seat === view.host);
    const victim = host === one ? other : one;
    const betweenMatches = view.status !== 'playing';
    switch (this.random.between(0, betweenMatches ? 3 : 1)) {
      case 0:
        return this.give(one, { type: 'leave' }, one);
      case 1:
        return this.give(host, { type: 'kick', seat: victim.seat }, victim);
      case 2:
        this.give(one, { type: 'swap_seats', seat: other.seat });
        return this.give(other, { type: 'swap_seats', seat: one.seat });
      default:
        // Whoever is sent away comes back, and may find the own seat taken.
        this.give(host, { type: 'kick', seat: victim.seat }, victim);
        return this.give(host, { type: 'choose_seat', seat: victim.seat });
    }
  }

  private two(): readonly (Player | undefined)[] {
    const { players } = this.table;
    const first = this.random.between(0, players.length - 1);
    const second = (first + this.random.between(1, players.length - 1)) % players.length;
    return [players[first], players[second]];
  }
}
