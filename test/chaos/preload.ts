/**
 * Loaded into every Node process of the cluster before its program (`NODE_OPTIONS=--import`), where it changes instances
 * alone: each dials from an address of its own, so that its wires can be told from those of others; and at SIGUSR2 its
 * wall clock jumps, to one hour ahead, then one behind, then back.
 */
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { addressOf } from './network.js';

const HOUR_MS = 3_600_000;
const JUMPS = [HOUR_MS, -HOUR_MS, 0];

if (isMainThread && process.argv[1]?.endsWith('/dist/src/main.js')) {
  if (process.platform === 'linux') dialFrom(addressOf(process.pid));
  jumpAtSignal();
}

function dialFrom(localAddress: string): void {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    // The options are first, or first in the list of arguments as `net.connect` has put it in order.
    const list: unknown[] = Array.isArray(args[0]) ? args[0] : args;
    const [options] = list;
    if (typeof options === 'object' && options !== null && 'port' in options) list[0] = { ...options, localAddress };
    return Reflect.apply(connect, this, args);
  } as typeof connect;
}

function jumpAtSignal(): void {
  let [offset = 0, signals] = [0, 0];
  process.on('SIGUSR2', () => {
    offset = JUMPS[signals % JUMPS.length] ?? 0;
    signals += 1;
  });
  const RealDate = Date;
  const now = () => RealDate.now() + offset;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}
