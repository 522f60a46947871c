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

/** What Redis says too late is believed for so long: who was not passed on comes again within a few seconds, ms. */
const LATE_MS = 10_000;

export class Routing {
  /** Of rooms about which Redis, far away, did not say in time where they are. A hint, as all routing. */
  private readonly late = new Map<RoomCode, Location>();

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

  /**
   * Undefined when Redis does not say in time, and has not said lately: the upgrade is answered, the rest waits for hello.
   */
  private locate(code: RoomCode): Promise<Location | undefined> {
    return new Promise((resolve) => {
      let isLate = false;
      const timer = this.clock.after(LOCATE_MS, () => {
        isLate = true;
        resolve(this.late.get(code));
      });
      void this.ownership
        .locate(code)
        .catch(() => undefined)
        .then((location) => {
          timer.cancel();
          if (isLate && location?.at === 'elsewhere') this.keep(code, location);
          resolve(location);
        });
    });
  }

  private keep(code: RoomCode, location: Location): void {
    this.late.set(code, location);
    this.clock.after(LATE_MS, () => {
      if (this.late.get(code) === location) this.late.delete(code);
    });
  }
}
