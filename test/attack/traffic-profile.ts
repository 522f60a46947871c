/** When how much was sent, so that as much can be sent again at the same times. */
import type { Traffic } from './door.js';

/** So many since the beginning. */
export type Amounts = Readonly<Record<keyof Traffic, number>>;

const EVERY_MS = 100;
const NOTHING: Amounts = { connections: 0, requests: 0, sockets: 0, messages: 0 };

export class TrafficProfile {
  private readonly steps: { readonly at: number; readonly sent: Amounts }[] = [{ at: 0, sent: NOTHING }];

  /** Notes that so much has been sent at `at`, ms from the beginning. */
  note(at: number, sent: Amounts): void {
    this.steps.push({ at, sent });
  }

  /** How much had been sent then, ms from the beginning. */
  sentBy(at: number): Amounts {
    return this.steps.findLast((step) => step.at <= at)?.sent ?? NOTHING;
  }

  /** ms */
  get length(): number {
    return this.steps.at(-1)?.at ?? 0;
  }
}

/** A second, each. */
export const ratesOf = (sent: Amounts, ms: number): Amounts => each((name) => (sent[name] * 1_000) / ms);

export const since = (before: Amounts, now: Amounts): Amounts => each((name) => now[name] - before[name]);

function each(of: (name: keyof Amounts) => number): Amounts {
  return {
    connections: of('connections'),
    requests: of('requests'),
    sockets: of('sockets'),
    messages: of('messages'),
  };
}

/** Notes what goes through a door from now on. */
export class Recorder {
  readonly profile = new TrafficProfile();
  private readonly began = performance.now();
  private readonly before: Amounts;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly traffic: Traffic) {
    this.before = { ...traffic };
    this.timer = setInterval(() => this.note(), EVERY_MS);
  }

  stop(): TrafficProfile {
    clearInterval(this.timer);
    this.note();
    return this.profile;
  }

  private note(): void {
    this.profile.note(performance.now() - this.began, since(this.before, this.traffic));
  }
}
