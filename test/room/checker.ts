/** The linear checker: what was told to anybody against the log, which is the total order. */
import type { Epoch } from '../../src/protocol/ids.js';
import { chain, type LogEntry, type Position, START } from '../../src/room/history.js';
import type { RoomMeta } from '../../src/room/store.js';
import type { TestConnection } from './rooms.js';

export interface Told {
  readonly log: readonly LogEntry[];
  readonly meta: RoomMeta;
  readonly connections: readonly TestConnection[];
  /** Where each owner began. */
  readonly claims: readonly { readonly epoch: Epoch; readonly at: Position }[];
}

/** What of the invariants does not hold, in words; empty when all do. */
export function violations({ log, meta, connections, claims }: Told): string[] {
  const found = new Set<string>();
  const ids = log.flatMap(({ entry }) => (entry.by ? [entry.by.id] : []));
  if (new Set(ids).size < ids.length) found.add('a command took effect twice');
  let digest = START.digest;
  for (const [at, { seq, text }] of log.entries()) {
    if (seq !== at + 1) found.add('the log has a gap');
    digest = chain(digest, text);
  }
  if (digest !== meta.digest || log.length !== meta.seq) found.add('the log does not add up');
  for (const { epoch, at } of claims) {
    if (log.some(({ seq, entry }) => seq > at.seq && entry.epoch < epoch)) found.add('a former owner wrote');
  }
  for (const frame of connections.flatMap(({ frames }) => frames)) {
    if (frame.type === 'ack' && log[frame.seq - 1]?.entry.by?.id !== frame.id) found.add('an acked command is lost');
    if ((frame.type === 'event' || frame.type === 'welcome') && frame.seq > 0) {
      if (log[frame.seq - 1]?.digest !== frame.digest) found.add('somebody was told what did not happen');
    }
  }
  return [...found].toSorted();
}
