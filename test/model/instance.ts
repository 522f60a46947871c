/** What an instance does about the room: which requests it may send, and what a reply makes of it. PURE. */
import type { InstanceId } from '../../src/protocol/ids.js';
import type { Position } from '../../src/room/history.js';
import type { Bound, Rules } from './rules.js';
import { commandOf, digestOf, type Path, pathOf, positionOf, type Reply, type Request, type Seen } from './store.js';

/**
 * none: does not play the room. playing. sealing: takes no command any more and makes sure of its log. transferring.
 * handing: the target is the owner and has not answered. taking: takes the room back from the target. opening: has been
 * handed the room and commits its first entry. securing, releasing: gives the room up. fading: another has taken the room,
 * and the copies may not know it yet. dead.
 */
export type Mode =
  | 'none'
  | 'playing'
  | 'sealing'
  | 'transferring'
  | 'handing'
  | 'taking'
  | 'opening'
  | 'securing'
  | 'releasing'
  | 'fading'
  | 'dead';

export interface Instance {
  readonly mode: Mode;
  readonly epoch: number;
  /** Entries up to here are known as part of the state alone: they cannot be appended again. */
  readonly base: number;
  readonly path: Path;
  /** Entries that are not known to be in the log yet. */
  readonly sent: Path;
  /** How much of the path the store is known to have. */
  readonly after: number;
  /** What must be done before the next commit. */
  readonly fix: { readonly by: 'claim' | 'restore'; readonly seen: Seen } | null;
  /** The epoch at which the target has been made the owner; 0: no transfer. */
  readonly given: number;
  /** The highest epoch at which this instance has refused the room. */
  readonly refused: number;
  /** A claim went unanswered. */
  readonly claiming: boolean;
  /** What the store said to one who may claim the room. */
  readonly seen: Seen | null;
  /** The failovers and rollbacks that it has found its room after. */
  readonly gen: number;
  /** How much of the path it found when it got the room. */
  readonly entered: number;
  /** Another may have taken the room since it was last known that none has. */
  readonly gap: boolean;
}

export const ABSENT: Instance = {
  mode: 'none',
  epoch: 0,
  base: 0,
  path: [],
  sent: [],
  after: 0,
  fix: null,
  given: 0,
  refused: 0,
  claiming: false,
  seen: null,
  gen: 0,
  entered: 0,
  gap: false,
};

/** Everything but what must outlive the room. */
const absent = ({ refused }: Instance): Instance => ({ ...ABSENT, refused });

/** Fenced by a higher epoch: nothing is told any more, and nothing is forgotten that the copies may lack. */
const fade = (instance: Instance, { losersWait }: Rules): Instance =>
  losersWait ? { ...instance, mode: 'fading', sent: [], fix: null, given: 0, seen: null, gap: true } : absent(instance);

export type Message = { readonly to: InstanceId; readonly epoch: number } & (
  | { readonly kind: 'data'; readonly base: number; readonly path: Path }
  | { readonly kind: 'answer'; readonly accepted: boolean }
);

export interface Outcome {
  readonly instance: Instance;
  /** What players are told now: they may count on it. */
  readonly tell?: Path;
  readonly message?: Message;
}

export interface Context {
  readonly id: InstanceId;
  readonly peer: InstanceId;
  readonly rules: Rules;
  readonly bound: Bound;
}

export interface Intent {
  readonly label: string;
  readonly instance: Instance;
  readonly request: Request;
  /** ok only once a majority of the copies has it. */
  readonly waits: boolean;
}

/** The request that the owner loop sends next: mends what stands in the way, else appends. */
export function loopRequest(instance: Instance, { id, rules, bound }: Context): Intent {
  const { fix, epoch, path, sent, after, given, base } = instance;
  if (fix?.by === 'claim') {
    const above = Math.max(epoch, given, fix.seen.epoch);
    const lines = lacking(instance, fix.seen, rules);
    const request: Request = { by: id, kind: 'claim', seen: fix.seen, above, again: true, lines };
    return { label: ['claims again', ...lines].join(' '), instance, request, waits: rules.claimsWait };
  }
  if (fix?.by === 'restore') {
    const request: Request = { by: id, kind: 'restore', seen: fix.seen, epoch, base, path };
    return { label: 'stores the room whole', instance, request, waits: true };
  }
  const lines = [...path, ...sent].slice(after);
  const position = positionOf([...path, ...sent].slice(0, after));
  const request: Request = { by: id, kind: 'commit', epoch, after: position, lines };
  const waits = bound.durability === 'replicated';
  return {
    label: lines.length > 0 ? `commits ${lines.join(' ')}` : 'asks whether the room is its own',
    instance,
    request,
    waits,
  };
}

/** The entry of the next command that the players send (again) to whoever plays. */
export function withCommand(instance: Instance, commands: number): Instance | undefined {
  const known = new Set(instance.path.map(commandOf));
  for (let command = 1; command <= commands; command++) {
    if (!known.has(String(command))) return { ...instance, sent: [`${command}@${instance.epoch}`] };
  }
  return undefined;
}

/** How a position lies to what the instance knows. */
function relation(instance: Instance, found: Position): 'on' | 'behind' | 'fork' {
  if (found.seq < instance.base) return 'behind';
  const all = [...instance.path, ...instance.sent];
  return digestOf(all.slice(0, found.seq)) === found.digest ? 'on' : 'fork';
}

/** What a claim writes: all that the log lacks, where it is known. */
export function lacking(instance: Instance, seen: Seen, { claimWithTail }: Rules): Path {
  if (!claimWithTail || relation(instance, seen) !== 'on') return [];
  return [...instance.path, ...instance.sent].slice(seen.seq);
}

type Looped = { readonly instance: Instance; readonly state: 'done' | 'again' | 'lost' };

/** The owner loop's answer to a reply. */
export function looped(instance: Instance, request: Request, reply: Reply, { id, rules, bound }: Context): Looped {
  const again = (changed: Partial<Instance>): Looped => ({
    instance: { ...instance, fix: null, ...changed },
    state: 'again',
  });
  const lost: Looped = { instance: absent(instance), state: 'lost' };
  const fading: Looped = { ...lost, instance: fade(instance, rules) };
  if (request.kind === 'claim') {
    if (reply.outcome !== 'ok') return again({ claiming: instance.claiming || reply.outcome === 'unknown' });
    return again({ epoch: reply.epoch, after: pathOf(reply.digest).length });
  }
  if (request.kind === 'restore') return again(reply.outcome === 'ok' ? { after: instance.path.length } : {});
  switch (reply.outcome) {
    case 'ok': {
      const path = [...instance.path, ...instance.sent];
      return { instance: { ...instance, path, sent: [], after: path.length, claiming: false }, state: 'done' };
    }
    case 'unknown':
      return again({});
    case 'gap': {
      const lies = relation(instance, reply);
      if (lies === 'on') return again({ after: reply.seq });
      if (lies === 'fork' || !rules.restores) return lost;
      return again({ fix: { by: 'restore', seen: { ...reply, owner: id, epoch: instance.epoch } } });
    }
    case 'fenced': {
      const { owner, epoch, seq, digest } = reply;
      const seen: Seen = { owner, epoch, seq, digest };
      // Its own claim, which nobody has confirmed: the copies may lack it.
      if (owner === id && epoch > instance.epoch && rules.ownClaimFound) {
        return again(rules.foundClaimWaits ? { fix: { by: 'claim', seen } } : { epoch });
      }
      if (epoch > instance.epoch) return fading;
      const lies = relation(instance, reply);
      if (lies === 'fork') {
        const isAbove = epoch < instance.epoch || (bound.rollbacks > 0 && !instance.gap && rules.equalForkGivesWay);
        if (!isAbove || instance.path.length === instance.entered || !rules.restoresOverFork) return lost;
        return again({ fix: { by: 'restore', seen }, epoch: Math.max(instance.epoch, epoch + 1) });
      }
      if (lies === 'behind') return rules.restores ? again({ fix: { by: 'restore', seen } }) : lost;
      if (epoch === instance.epoch && instance.path.length <= seq) return lost;
      return again({ fix: { by: 'claim', seen } });
    }
  }
}

/** What a reply makes of the instance, and what follows from it outside. */
export function handle(instance: Instance, request: Request, reply: Reply, context: Context): Outcome {
  const { peer } = context;
  if (request.kind === 'snapshot') {
    return { instance: reply.outcome === 'ok' ? { ...instance, base: request.at.seq } : instance };
  }
  switch (instance.mode) {
    case 'none':
      return claimed(instance, reply);
    case 'taking':
      return takenBack(instance, reply);
    case 'transferring':
      return request.kind === 'transfer' ? transferred(instance, reply, context) : { instance };
    case 'handing':
      return checked(instance, reply, context);
    case 'fading':
      if (reply.outcome !== 'ok') return { instance };
      // Where a failover has taken the claim back, the room is this instance's again.
      return { instance: reply.epoch > instance.epoch ? absent(instance) : { ...instance, mode: 'playing' } };
    case 'releasing':
      if (reply.outcome === 'ok') return { instance: absent(instance) };
      return { instance: reply.outcome === 'unknown' ? instance : { ...instance, mode: 'securing' } };
    default: {
      const { instance: next, state } = looped(instance, request, reply, context);
      if (state === 'again') return { instance: next };
      if (state === 'lost') {
        if (instance.mode !== 'opening') return { instance: next };
        const message: Message = { to: peer, kind: 'answer', epoch: instance.given, accepted: false };
        return { instance: { ...next, refused: Math.max(next.refused, instance.given) }, message };
      }
      return accomplished(next, peer);
    }
  }
}

/** The store has all of the log, under this owner. */
function accomplished(instance: Instance, peer: InstanceId): Outcome {
  switch (instance.mode) {
    case 'sealing':
      return { instance: { ...instance, mode: 'transferring' } };
    case 'securing':
      return { instance: { ...instance, mode: 'releasing' } };
    case 'opening': {
      const message: Message = { to: peer, kind: 'answer', epoch: instance.given, accepted: true };
      return { instance: { ...instance, mode: 'playing', given: 0 }, tell: instance.path, message };
    }
    default:
      return { instance, tell: instance.path };
  }
}

/** Of one that did not play the room: what a claim has brought. */
function claimed(instance: Instance, reply: Reply): Outcome {
  if (reply.outcome !== 'ok') return { instance: { ...instance, seen: null } };
  const path = pathOf(reply.digest);
  const { epoch, base } = reply;
  const { gap } = instance;
  return {
    instance: {
      ...absent(instance),
      gap,
      mode: 'playing',
      epoch,
      base,
      path,
      after: path.length,
      entered: path.length,
    },
    tell: path,
  };
}

function takenBack(instance: Instance, reply: Reply): Outcome {
  if (reply.outcome === 'ok') {
    const after = pathOf(reply.digest).length;
    return { instance: { ...instance, mode: 'playing', epoch: reply.epoch, given: 0, seen: null, after } };
  }
  const claiming = instance.claiming || reply.outcome === 'unknown';
  return { instance: { ...instance, mode: 'handing', seen: null, claiming } };
}

function transferred(instance: Instance, reply: Reply, { peer, rules }: Context): Outcome {
  switch (reply.outcome) {
    case 'ok':
      return { instance: { ...instance, mode: 'handing', given: reply.epoch } };
    case 'unknown':
      return { instance };
    case 'fenced': {
      const higher = reply.epoch > instance.epoch;
      if (!rules.sealedUntilAnswer && reply.owner === peer && reply.epoch === instance.epoch + 1) {
        return { instance: { ...instance, mode: 'handing', given: reply.epoch } };
      }
      if (higher && reply.owner === peer && reply.seq > instance.path.length) return { instance: absent(instance) };
      // The target has claimed the room by itself meanwhile: it is asked for what it has.
      if (higher && reply.owner === peer && reply.seq === instance.path.length) {
        return { instance: { ...instance, mode: 'handing', given: reply.epoch } };
      }
      if (higher && reply.owner !== peer && reply.owner !== null) return { instance: fade(instance, rules) };
      return { instance: { ...instance, mode: 'sealing' } };
    }
    case 'gap':
      return { instance: { ...instance, mode: 'sealing' } };
  }
}

/** The target has not answered: what the store says of it. */
function checked(instance: Instance, reply: Reply, { id, peer, rules }: Context): Outcome {
  const { path, given } = instance;
  const repair: Outcome = { instance: { ...instance, mode: 'sealing' } };
  switch (reply.outcome) {
    case 'ok':
    case 'unknown':
      return { instance };
    case 'gap':
      return reply.seq > path.length ? { instance: absent(instance) } : repair;
    case 'fenced': {
      const { owner, epoch, seq } = reply;
      if (epoch <= given) return repair;
      if (owner === id) {
        if (!instance.claiming) return { instance: absent(instance) };
        const after = Math.min(seq, path.length);
        const taken: Instance = { ...instance, mode: 'playing', given: 0, claiming: false, after };
        const seen: Seen = { owner, epoch, seq, digest: reply.digest };
        return { instance: rules.foundClaimWaits ? { ...taken, fix: { by: 'claim', seen } } : { ...taken, epoch } };
      }
      if (owner !== peer || seq > path.length) return { instance: absent(instance) };
      // The target has claimed the room by itself: it answers for what it has, or lacks what we have.
      return seq === path.length ? { instance } : repair;
    }
  }
}

/** The target's part when it is handed the room. */
export function received(
  instance: Instance,
  { epoch, base, path }: Extract<Message, { kind: 'data' }>,
  { peer, rules }: Context,
): Outcome {
  const answer = (accepted: boolean): Message => ({ to: peer, kind: 'answer', epoch, accepted });
  if (instance.refused >= epoch) return { instance, message: answer(false) };
  if (instance.mode === 'opening' && instance.epoch >= epoch) return { instance };
  if (instance.mode !== 'none' && instance.epoch >= epoch) {
    const has = digestOf(instance.path.slice(0, path.length)) === digestOf(path);
    return { instance, message: answer(has) };
  }
  const kept = rules.tailHandedOver ? base : path.length;
  const room: Instance = { ...absent(instance), epoch, base: kept, path, after: path.length, entered: path.length };
  if (!rules.firstEntry) return { instance: { ...room, mode: 'playing' }, message: answer(true) };
  return { instance: { ...room, mode: 'opening', given: epoch, sent: [`o@${epoch}`] } };
}

/** The target does not want the room (any more). */
export function refusing(instance: Instance, { epoch }: Message, { peer }: Context): Outcome {
  const refused = Math.max(instance.refused, epoch);
  return { instance: { ...instance, refused }, message: { to: peer, kind: 'answer', epoch, accepted: false } };
}

/** The source's part when the target answers. */
export function answered(instance: Instance, message: Extract<Message, { kind: 'answer' }>): Instance {
  if (instance.mode !== 'handing' || message.epoch !== instance.given) return instance;
  return message.accepted ? absent(instance) : { ...instance, mode: 'taking' };
}
