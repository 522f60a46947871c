/** What may happen next: to an instance, to a request, to a message, to the store. PURE. */
import {
  ABSENT,
  answered,
  type Context,
  handle,
  type Instance,
  type Intent,
  lacking,
  loopRequest,
  type Message,
  received,
  refusing,
  withCommand,
} from './instance.js';
import {
  apply,
  type Cluster,
  confirm,
  forgive,
  holds,
  IDS,
  type Model,
  onlyKept,
  type Pending,
  primary,
  type Step,
  settleLine,
  spend,
  withInstance,
  withPending,
  write,
} from './state.js';
import { digestOf, execute, positionOf, type Request, seenOf } from './store.js';

export function steps(cluster: Cluster, model: Model): Step[] {
  const found: Step[] = [];
  for (const who of [0, 1] as const) {
    const instance = cluster.instances[who];
    if (instance.mode === 'dead') continue;
    const pending = cluster.pending[who];
    if (pending) answer(cluster, model, who, pending, found);
    else act(cluster, model, who, found);
    if (cluster.left.crashes > 0) found.push({ label: `${IDS[who]} dies`, next: crash(cluster, who, model) });
  }
  deliver(cluster, model, found);
  for (const [place, { request, from }] of cluster.late.entries()) {
    const { room } = execute(primary(cluster), request, model.rules);
    const late = cluster.late.filter((_, at) => at !== place);
    const next = write({ ...cluster, late }, room);
    found.push({ label: `${IDS[from]}'s late ${request.kind} is carried out`, next });
  }
  if (cluster.left.failovers > 0) failover(cluster, model, found);
  if (cluster.left.rollbacks > 0) rollBack(cluster, found);
  return found;
}

const contextOf = (who: 0 | 1, { rules, bound }: Model): Context => ({
  id: IDS[who],
  peer: IDS[who === 0 ? 1 : 0],
  rules,
  bound,
});

function crash(cluster: Cluster, who: 0 | 1, model: Model): Cluster {
  const dead = withPending(withInstance(cluster, who, { ...ABSENT, mode: 'dead' }), who, null);
  return forgive({ ...spend(dead, 'crashes'), hasDied: true }, model);
}

/** The answer to a request comes, or does not. */
function answer(cluster: Cluster, model: Model, who: 0 | 1, pending: Pending, found: Step[]): void {
  const { request, reply, waits, place, gen } = pending;
  const instance = cluster.instances[who];
  const context = contextOf(who, model);
  const before = withPending(cluster, who, null);
  const confirmed = waits && reply.outcome === 'ok' && gen === cluster.gen ? confirm(before, place, model) : before;
  const outcome = handle(instance, request, reply, context);
  const knows =
    reply.outcome === 'ok' && request.kind !== 'snapshot' && request.kind !== 'confirm' && holds(outcome.instance);
  const isEarly = pending.early || gen < cluster.gen;
  if (knows && mustWait(cluster, who, model, isEarly)) {
    found.push({
      label: `${IDS[who]}'s ${request.kind}: ok, and it waits`,
      next: withInstance(before, who, waiting(instance, outcome.instance)),
    });
    return;
  }
  const seen = knows
    ? { ...outcome, instance: { ...outcome.instance, gen: Math.max(outcome.instance.gen, gen) } }
    : outcome;
  found.push({
    label: `${IDS[who]}'s ${request.kind}: ${reply.outcome}`,
    next: apply(confirmed, who, seen),
  });
  if (!mayGoUnanswered(cluster, request, model)) return;
  const lost = handle(instance, request, { outcome: 'unknown' }, context);
  found.push({
    label: `${IDS[who]}'s ${request.kind} was carried out, without an answer`,
    next: apply(spend(before, 'unknowns'), who, lost),
  });
}

function act(cluster: Cluster, model: Model, who: 0 | 1, found: Step[]): void {
  const instance = cluster.instances[who];
  const context = contextOf(who, model);
  const room = primary(cluster);
  const send = (from: Cluster, intent: Intent) => request(from, model, who, intent, found);
  const at = positionOf(instance.path);
  const loop = () => send(cluster, loopRequest(instance, context));
  switch (instance.mode) {
    case 'none':
      return takeOver(cluster, model, who, found);
    case 'playing':
      return play(cluster, model, who, found);
    case 'sealing':
    case 'opening':
    case 'securing':
      return loop();
    case 'transferring': {
      if (mustWait(cluster, who, model)) {
        found.push({
          label: `${IDS[who]} asks again`,
          next: withInstance(cluster, who, { ...instance, mode: 'sealing' }),
        });
        return;
      }
      const { epoch } = instance;
      const { id: by, peer: to, rules } = context;
      const transfer: Request = { by, kind: 'transfer', epoch, at, to };
      return send(cluster, { label: 'transfers', instance, request: transfer, waits: rules.transfersWait });
    }
    case 'releasing': {
      const { epoch } = instance;
      const release: Request = { by: context.id, kind: 'release', epoch, at };
      send(cluster, { label: 'releases', instance, request: release, waits: true });
      return;
    }
    case 'fading':
      return send(cluster, {
        label: 'waits for the copies',
        instance,
        request: { by: context.id, kind: 'confirm' },
        waits: true,
      });
    case 'handing': {
      const { given: epoch, base, path } = instance;
      const data: Message = { to: context.peer, kind: 'data', epoch, base, path };
      if (!cluster.mail.some(({ kind }) => kind === 'data')) {
        found.push({ label: `${IDS[who]} hands over`, next: { ...cluster, mail: [...cluster.mail, data] } });
      }
      const fence = { owner: context.peer, epoch };
      const check: Request = { by: context.id, kind: 'check', fence, at };
      if (!model.rules.sealedUntilAnswer) {
        // The target did not say: it would load the room from the store.
        found.push({ label: `${IDS[who]} leaves it to the target`, next: withInstance(cluster, who, { ...ABSENT }) });
        return;
      }
      send(cluster, { label: 'asks what the target has done', instance, request: check, waits: false });
      const dead = cluster.instances[who === 0 ? 1 : 0].mode === 'dead';
      if (dead || cluster.left.takeovers > 0) {
        const next = withInstance(dead ? cluster : doubted(cluster, who), who, { ...instance, mode: 'taking' });
        found.push({ label: `${IDS[who]} holds the target for ${dead ? 'dead' : 'gone, wrongly'}`, next });
      }
      return;
    }
    case 'taking': {
      if (model.rules.settlingTakeBack && !settled(cluster, who)) return;
      const { seen } = instance;
      if (!seen) {
        // Only what is still the target's is taken back; anything else is looked at anew.
        const lies = room.owner === context.peer && room.epoch >= instance.given && room.seq <= instance.path.length;
        const next: Instance = lies ? { ...instance, seen: seenOf(room) } : { ...instance, mode: 'handing' };
        found.push({ label: `${IDS[who]} looks before it takes back`, next: withInstance(cluster, who, next) });
        return;
      }
      const above = Math.max(instance.given, seen.epoch);
      const lines = lacking(instance, seen, model.rules);
      const claim: Request = { by: context.id, kind: 'claim', seen, above, again: true, lines };
      return send(cluster, { label: 'takes back', instance, request: claim, waits: model.rules.claimsWait });
    }
  }
}

/** Whether all others that own the room, or may, have found back to the store since it went back. */
function settled(cluster: Cluster, who: 0 | 1): boolean {
  const at = who === 0 ? 1 : 0;
  const other = cluster.instances[at];
  // What was asked before a backup was restored has been answered by then, a claim among it.
  const isAsking = cluster.restored && (cluster.pending[at]?.gen ?? cluster.gen) < cluster.gen;
  return !isAsking && (!holds(other) || other.gen === cluster.gen);
}

/** The other is thought to be gone: its lease has had a gap. */
function doubted(cluster: Cluster, who: 0 | 1): Cluster {
  const other = who === 0 ? 1 : 0;
  const gap = holds(cluster.instances[other]) || cluster.pending[other] !== null;
  return withInstance(spend(cluster, 'takeovers'), other, { ...cluster.instances[other], gap });
}

/** Whether the store may have lost the claim of one who has replaced this instance, and has not stored the room again. */
function mustWait(cluster: Cluster, who: 0 | 1, { rules, bound }: Model, isEarly = false): boolean {
  const { gap, gen } = cluster.instances[who];
  if (!rules.formerOwnersWait || bound.rollbacks === 0 || !gap || gen === cluster.gen) return false;
  return isEarly || !settled(cluster, who);
}

/** Written, and not told: entries that are in the log stay apart from the path. */
function waiting(instance: Instance, written: Instance): Instance {
  const { path, sent, mode } = instance;
  return written.path.length > path.length || written.mode !== mode
    ? { ...instance, fix: null, after: path.length + sent.length }
    : written;
}

function takeOver(cluster: Cluster, model: Model, who: 0 | 1, found: Step[]): void {
  const instance = cluster.instances[who];
  const { id, peer, rules } = contextOf(who, model);
  const room = primary(cluster);
  if (rules.settling && !settled(cluster, who)) return;
  const { seen } = instance;
  if (!seen || (seen.epoch !== room.epoch && seen.owner !== room.owner)) {
    const free = room.owner === null || room.owner === id;
    const dead = room.owner === peer && cluster.instances[who === 0 ? 1 : 0].mode === 'dead';
    if (!free && !dead && cluster.left.takeovers === 0) return;
    const next = withInstance(free || dead ? cluster : doubted(cluster, who), who, {
      ...instance,
      seen: seenOf(room),
    });
    found.push({ label: `${IDS[who]} looks at the room, which it may take`, next });
    return;
  }
  const claim: Request = { by: id, kind: 'claim', seen, above: 0, again: false, lines: [] };
  request(cluster, model, who, { label: 'claims', instance, request: claim, waits: rules.claimsWait }, found);
}

function play(cluster: Cluster, model: Model, who: 0 | 1, found: Step[]): void {
  const instance = cluster.instances[who];
  const context = contextOf(who, model);
  const { bound } = model;
  const send = (from: Cluster, intent: Intent) => request(from, model, who, intent, found);
  const inDoubt = instance.sent.length > 0 || instance.fix !== null || instance.after < instance.path.length;
  if (inDoubt) return send(cluster, loopRequest(instance, context));
  // An idle owner asks now and then; where the store agrees, nothing comes of it.
  const { owner, epoch: stored, digest } = primary(cluster);
  const agrees = owner === context.id && stored === instance.epoch && digest === digestOf(instance.path);
  if (instance.gen < cluster.gen || !agrees) send(cluster, loopRequest(instance, context));
  if (mustWait(cluster, who, model)) return;
  const commanded = withCommand(instance, bound.commands);
  if (commanded) send(cluster, loopRequest(commanded, context));
  const { path, base, epoch } = instance;
  if (cluster.left.snapshots > 0 && path.length > base) {
    const snapshot: Request = { by: context.id, kind: 'snapshot', epoch, at: positionOf(path) };
    // No copy is waited for: a failover may bring back a store without it, and without the entries that its owner forgot.
    send(spend(cluster, 'snapshots'), { label: 'stores a snapshot', instance, request: snapshot, waits: false });
  }
  const other = cluster.instances[who === 0 ? 1 : 0];
  if (cluster.left.moves > 0 && other.mode === 'none') {
    const next = withInstance(spend(cluster, 'moves'), who, { ...instance, mode: 'sealing' });
    found.push({ label: `${IDS[who]} begins to move the room`, next });
  }
  if (cluster.left.releases > 0) {
    const next = withInstance(spend(cluster, 'releases'), who, { ...instance, mode: 'securing' });
    found.push({ label: `${IDS[who]} begins to give the room up`, next });
  }
}

/** With rollbacks, no claim goes unanswered: that of a former owner, made again and again, may come above the present one. */
const mayGoUnanswered = ({ left }: Cluster, { kind }: Request, { bound }: Model): boolean =>
  left.unknowns > 0 && !(bound.rollbacks > 0 && kind === 'claim');

/** A request is carried out at once; or never, or later, both without an answer. */
function request(cluster: Cluster, model: Model, who: 0 | 1, intent: Intent, found: Step[]): void {
  const { label, request: sent, waits } = intent;
  const from = withInstance(cluster, who, intent.instance);
  const { room, reply } = execute(primary(from), sent, model.rules);
  const written = write(from, room);
  const place = written.dropped + written.line.length - 1;
  const early = mustWait(cluster, who, model);
  const pending: Pending = { request: sent, reply, waits, place, gen: cluster.gen, early };
  found.push({ label: `${IDS[who]} ${label}`, next: withPending(written, who, pending) });
  if (!mayGoUnanswered(from, sent, model) || sent.kind === 'check') return;
  const lost = handle(intent.instance, sent, { outcome: 'unknown' }, contextOf(who, model));
  const without = apply(spend(from, 'unknowns'), who, lost);
  found.push({ label: `${IDS[who]} ${label}, which is lost`, next: without });
  const late = [...without.late, { request: sent, from: who }];
  found.push({ label: `${IDS[who]} ${label}, which is late`, next: { ...without, late } });
}

/** Messages between the instances: each arrives once, or never. */
function deliver(cluster: Cluster, model: Model, found: Step[]): void {
  for (const message of cluster.mail) {
    const who = message.to === IDS[0] ? 0 : 1;
    const mail = cluster.mail.filter((other) => other !== message);
    const before = { ...cluster, mail };
    found.push({ label: `the ${message.kind} to ${message.to} is lost`, next: before });
    const instance = cluster.instances[who];
    if (instance.mode === 'dead' || cluster.pending[who]) continue;
    if (message.kind === 'answer') {
      const label = `${message.to} hears ${message.accepted ? 'yes' : 'no'}`;
      found.push({ label, next: withInstance(before, who, answered(instance, message)) });
    } else {
      const context = contextOf(who, model);
      const adopted = received(instance, message, context);
      found.push({ label: `${message.to} is handed the room`, next: apply(before, who, adopted) });
      if (instance.mode !== 'none') continue;
      const refused = refusing(instance, message, context);
      found.push({ label: `${message.to} refuses the room`, next: apply(before, who, refused) });
    }
  }
}

/** The primary dies, and a copy takes its place that has all up to some moment; what was on its way is lost, or was not. */
function failover(cluster: Cluster, model: Model, found: Step[]): void {
  for (const [at, room] of cluster.line.entries()) {
    let outcomes: Cluster[] = [{ ...spend(cluster, 'failovers'), line: [room], gen: cluster.gen + 1, late: [] }];
    for (const who of [0, 1] as const) {
      const pending = cluster.pending[who];
      if (!pending) continue;
      const unanswered = (from: Cluster): Cluster => {
        const lost = handle(from.instances[who], pending.request, { outcome: 'unknown' }, contextOf(who, model));
        return apply(withPending(from, who, null), who, lost);
      };
      const had = cluster.dropped + at >= pending.place;
      const mayBeAnswered = !pending.waits || model.bound.promoted === 'any' || had;
      outcomes = outcomes.flatMap((from) => (mayBeAnswered ? [from, unanswered(from)] : [unanswered(from)]));
    }
    const lag = cluster.line.length - 1 - at;
    const label = `the primary dies; a copy takes its place ${lag === 0 ? 'with all of it' : `without the last ${lag}`}`;
    for (const next of outcomes) found.push({ label, next: forgive(settleLine(next), model) });
  }
}

/** A backup is restored: all that was written since is lost, the claims of those who live among it, and what is on its way. */
function rollBack(cluster: Cluster, found: Step[]): void {
  for (const [at, room] of cluster.line.slice(0, -1).entries()) {
    const next = settleLine({
      ...spend(cluster, 'rollbacks'),
      line: [room],
      late: [],
      gen: cluster.gen + 1,
      restored: true,
    });
    const lag = cluster.line.length - 1 - at;
    found.push({ label: `a backup is restored, without the last ${lag}`, next: onlyKept(next) });
  }
}
