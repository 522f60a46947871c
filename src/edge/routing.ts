/** Whether a player's connection is served here or passed on to the room's owner. */
import type { Location, Ownership } from '../cluster/ownership.js';
import type { RoomCode } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';

/** Hands the connection to `address`. False when nobody answers there in time, or it is `taken` here before. */
export type Pipe = (address: string, taken: AbortSignal) => Promise<boolean>;

/** The upgrade is answered within 1 s whatever Redis does; this much of it may go to asking where the room is. */
const LOCATE_MS = 300;
/** An owner that has not begun to answer by then may be frozen: whether its room is ours to take is found out meanwhile. */
const PATIENCE_MS = 100;

export class Routing {
  constructor(
    private readonly ownership: Pick<Ownership, 'here' | 'locate' | 'open'>,
    private readonly clock: Clock,
  ) {}

  /** True when the connection is the owner's now. One hop only: what `wasForwarded` is served here. */
  async passedOn(code: RoomCode, wasForwarded: boolean, pipe: Pipe): Promise<boolean> {
    const { ownership, clock } = this;
    if (ownership.here(code)) return false;
    const location = await this.locate(code);
    // Its hello, which comes in a moment, finds the room on its way here.
    if (location?.at === 'free') ownership.open(code, location.meta).catch(() => undefined);
    if (location?.at !== 'elsewhere' || wasForwarded) return false;
    const taken = new AbortController();
    const impatience = clock.after(PATIENCE_MS, () => {
      ownership.open(code).then(
        ({ at }) => at === 'here' && taken.abort(),
        () => undefined,
      );
    });
    const answered = await pipe(location.address, taken.signal);
    impatience.cancel();
    // Its hello, which comes in a moment, will ask for the same.
    if (!answered) ownership.open(code).catch(() => undefined);
    return answered;
  }

  /** Undefined when Redis does not say in time: the upgrade is answered, the rest waits for hello. */
  private locate(code: RoomCode): Promise<Location | undefined> {
    return new Promise((resolve) => {
      const timer = this.clock.after(LOCATE_MS, () => resolve(undefined));
      this.ownership
        .locate(code)
        .catch(() => undefined)
        .then((location) => {
          timer.cancel();
          resolve(location);
        });
    });
  }
}
