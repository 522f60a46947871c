/** Reloads an HAProxy: a new worker takes the new connections, the old one keeps those it has. */
import { look, type ShowParts } from '../../haproxy/show.js';
import { type Clock, sleep } from '../../src/runtime/clock.js';
import { ToolFailed } from './tool.js';

export interface ReloadParts extends Omit<ShowParts, 'now'> {
  readonly name: string;
  readonly clock: Clock;
  readonly tell: (line: string) => void;
  /** Tells the master to start a new worker. */
  readonly trigger: () => Promise<void> | void;
}

export interface Reloaded {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** Connections that the old worker goes on with. */
  readonly kept: number;
  /** Until the new worker had servers and pins, ms. */
  readonly ms: number;
}

/** A worker that is reloaded sooner has not got its stick tables yet, and passes none on (measured: about 5 s). */
const APART_S = 7;
const LONGEST_MS = 15_000;
const LOOK_MS = 30;

/** @throws ToolFailed when HAProxy stays as it was: its new configuration is not usable. */
export async function reload(parts: ReloadParts): Promise<Reloaded> {
  const { name, api, clock, tell, trigger } = parts;
  let info = await api.info();
  if (info.uptimeSeconds < APART_S) {
    tell(
      `${name} started ${info.uptimeSeconds} s ago; two reloads within ${APART_S} s would lose its pins: waiting for ${APART_S - info.uptimeSeconds} s …`,
    );
    while (info.uptimeSeconds < APART_S) {
      await sleep(clock, 100);
      info = await api.info();
    }
  }
  const since = clock.monotonic();
  await trigger();
  const late = () => clock.monotonic() - since > LONGEST_MS;
  let after = info.worker;
  while (after === info.worker) {
    if (late()) throw new ToolFailed(`${name} goes on with the worker that it had: see its log for what is wrong.`);
    await sleep(clock, LOOK_MS);
    after = await api.worker().catch(() => info.worker);
  }
  for (;;) {
    const seen = await look({ ...parts, now: clock.monotonic() }).catch(() => undefined);
    if (seen?.differences.length === 0) break;
    if (late()) throw new ToolFailed(`${name} has a new worker, which is not equal to Redis. Does its controller run?`);
    await sleep(clock, LOOK_MS);
  }
  return { name, before: info.worker, after, kept: info.connections, ms: Math.round(clock.monotonic() - since) };
}
