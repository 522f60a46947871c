/** The checker's own proof: green for a good history, red for every way of being wrong that it is there to find. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { CommandId, Digest, Epoch, Seq } from '../../src/protocol/ids.js';
import { chain, NO_DIGEST } from '../../src/room/history.js';
import type { Entry } from '../../src/room/state.js';
import { checkRoom, type Kind } from './checker.js';
import type { ClientEvidence, CommandRecord, FrameRecord, PublishedEntry, RoomEvidence } from './evidence.js';
import { recordGame } from './recorded-game.js';

/** Evidence that a test may change. */
type Writable<T> = T extends (infer Item)[] | readonly (infer Item)[]
  ? Writable<Item>[]
  : T extends string | number | boolean | null | undefined
    ? T
    : { -readonly [Key in keyof T]: Writable<T[Key]> };
type Draft = Omit<Writable<RoomEvidence>, 'log' | 'published' | 'clients' | 'streams'> & {
  streams?: { after: number; entries: PublishedEntry[] }[];
  log: { seq: Seq; text: string }[];
  published: PublishedEntry[];
  clients: Writable<ClientEvidence>[];
};

let good: RoomEvidence;
beforeAll(async () => {
  good = await recordGame(120);
});

/** The kinds of violations found after `change`. */
function kindsAfter(change: (draft: Draft) => void): Set<Kind> {
  const draft = structuredClone(good) as unknown as Draft;
  change(draft);
  return new Set(checkRoom(draft as unknown as RoomEvidence).violations.map(({ kind }) => kind));
}

const entryAt = (draft: Draft, at: number): Entry => JSON.parse(draft.log[at]?.text ?? '') as Entry;

/** Puts another log in, with public log, meta and all that clients were told made to fit: only the fault itself shows. */
function putLog(draft: Draft, entries: readonly Entry[]): void {
  let digest: Digest = NO_DIGEST;
  const digests: Digest[] = [NO_DIGEST];
  draft.log = entries.map((entry, at) => {
    const text = JSON.stringify(entry);
    digest = chain(digest, text);
    digests.push(digest);
    return { seq: (at + 1) as Seq, text };
  });
  for (const client of draft.clients) {
    for (const { frames } of client.connections) {
      for (const [at, frame] of frames.entries()) frames[at] = { ...frame, digest: digests[frame.seq] ?? frame.digest };
    }
  }
  draft.meta = { ...draft.meta, digest, seq: entries.length as Seq };
}

/** A command of the first half of the game that was acknowledged, with its client. */
function ackedCommand(draft: Draft): { client: Writable<ClientEvidence>; command: Writable<CommandRecord>; seq: Seq } {
  for (const client of draft.clients) {
    for (const command of client.commands) {
      const seq = command.acks[0]?.seq;
      if (command.command.type === 'play' && seq !== undefined && seq > 20) return { client, command, seq };
    }
  }
  throw new Error('no card was played');
}

function frameWith(client: Writable<ClientEvidence>, text: string): { frames: FrameRecord[]; at: number } {
  for (const { frames } of client.connections) {
    const at = frames.findIndex(({ events }) => events.includes(text));
    if (at >= 0) return { frames, at };
  }
  throw new Error(`nobody was told of ${text}`);
}

describe('a good history', () => {
  test('is found good', () => {
    expect(checkRoom(good).violations).toEqual([]);
    expect(checkRoom(good).acked).toBeGreaterThan(100);
  });

  test('has changes of owner, reconnections and fresh views in it', () => {
    const epochs = new Set(good.log.map(({ text }) => (JSON.parse(text) as Entry).epoch));
    expect(epochs.size).toBe(3);
    expect(good.clients.every(({ connections }) => connections.length >= 3)).toBe(true);
    expect(good.clients.every(({ views }) => views.some(({ source }) => source === 'folded'))).toBe(true);
  });
});

describe('is found wrong:', () => {
  test('an acknowledged command that is not in the log', () => {
    const kinds = kindsAfter((draft) => {
      const { seq } = ackedCommand(draft);
      const { by: _, ...anonymous } = entryAt(draft, seq - 1);
      putLog(
        draft,
        draft.log.map((_entry, at) => (at === seq - 1 ? anonymous : entryAt(draft, at))),
      );
    });
    expect(kinds).toContain('lost');
  });

  test('the end of a log that was lost', () => {
    const kinds = kindsAfter((draft) => {
      draft.log = draft.log.slice(0, -5);
      draft.published = draft.published.slice(0, -5);
      draft.meta = { ...draft.meta, seq: draft.log.length as Seq };
    });
    for (const kind of ['lost', 'frame', 'order'] as const) expect(kinds).toContain(kind);
  });

  test('an acknowledged command that took effect twice', () => {
    const kinds = kindsAfter((draft) => {
      const { seq } = ackedCommand(draft);
      const entries = draft.log.map((_, at) => entryAt(draft, at));
      putLog(draft, [...entries, entryAt(draft, seq - 1)]);
    });
    expect(kinds).toContain('doubled');
  });

  test('a command without an ack that took effect twice', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      command.acks = [];
      putLog(draft, [...draft.log.map((_, at) => entryAt(draft, at)), entryAt(draft, seq - 1)]);
    });
    expect(kinds).toContain('doubled');
  });

  test('an ack that names another entry', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      command.acks = command.acks.map((ack) => ({ ...ack, seq: (seq + 1) as Seq }));
    });
    expect(kinds).toContain('misplaced');
  });

  test('a second ack of a command that names another entry', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      command.acks.push({ seq: (seq + 1) as Seq, order: 1_000_000 });
    });
    expect(kinds).toContain('misplaced');
  });

  test('a refused command that took effect', () => {
    const kinds = kindsAfter((draft) => {
      const { command } = ackedCommand(draft);
      command.acks = [];
      command.refused = 'NOT_YOUR_TURN';
    });
    expect(kinds).toContain('refused but done');
  });

  test('a command of one client that was done for the seat of another', () => {
    const kinds = kindsAfter((draft) => {
      const { client, command, seq } = ackedCommand(draft);
      const other = draft.clients.find(({ seat }) => seat !== client.seat);
      client.commands = client.commands.filter(({ id }) => id !== command.id);
      other?.commands.push({ ...command, acks: [{ seq, order: 1_000_000 }] });
    });
    expect(kinds).toContain('seat');
  });

  test('a seat that a client was welcomed to and that nobody took', () => {
    const kinds = kindsAfter((draft) => {
      const client = draft.clients[1];
      if (client) client.promisedSeats = [{ holder: 'ab'.repeat(32), seq: 5 as Seq }];
    });
    expect(kinds).toEqual(new Set(['seat']));
  });

  test('a seat that was taken only after its welcome', () => {
    const kinds = kindsAfter((draft) => {
      for (const { promisedSeats = [] } of draft.clients) for (const promise of promisedSeats) promise.seq = 0 as Seq;
    });
    expect(kinds).toEqual(new Set(['seat']));
  });

  test('an ack of a command that its receiver never sent', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      const client = draft.clients.find(({ commands }) => !commands.some(({ id }) => id === command.id));
      if (client) client.strayAcks = [{ id: command.id, seq }];
    });
    expect(kinds).toEqual(new Set(['stray ack']));
  });

  test('an ack of a command that nobody sent and that is not in the log', () => {
    const kinds = kindsAfter((draft) => {
      const client = draft.clients[0];
      if (client) client.strayAcks = [{ id: '9-nobody' as CommandId, seq: 30 as Seq }];
    });
    expect(kinds).toEqual(new Set(['stray ack', 'lost']));
  });

  test('a move that landed in a later turn than it was meant for', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      command.turn = (seq - 3) as Seq;
    });
    expect(kinds).toEqual(new Set(['turn']));
  });

  test('a move that landed in its own turn is right', () => {
    const kinds = kindsAfter((draft) => {
      const { command, seq } = ackedCommand(draft);
      command.turn = (seq - 1) as Seq;
    });
    expect(kinds).toEqual(new Set());
  });

  test('an event stream that left an entry out', () => {
    const kinds = kindsAfter((draft) => {
      draft.streams = [{ after: 10, entries: draft.published.filter(({ seq }) => seq > 10 && seq !== 40) }];
    });
    expect(kinds).toEqual(new Set(['stream']));
  });

  test('an event stream that told what is not in the log', () => {
    const kinds = kindsAfter((draft) => {
      draft.streams = [
        { after: 0, entries: draft.published.map((one) => (one.seq === 9 ? { ...one, events: [] } : one)) },
      ];
    });
    expect(kinds).toEqual(new Set(['stream']));
  });

  test('a client that left at a point which the log does not have', () => {
    const kinds = kindsAfter((draft) => {
      const client = draft.clients[2];
      if (client?.end)
        Object.assign(client, { left: true, end: { ...client.end, digest: 'feedfeedfeedfeed' as Digest } });
    });
    expect(kinds).toEqual(new Set(['order']));
  });

  test('a command that nobody sent', () => {
    const kinds = kindsAfter((draft) => {
      const { client, command } = ackedCommand(draft);
      client.commands = client.commands.filter(({ id }) => id !== command.id);
    });
    expect(kinds).toContain('never sent');
  });

  test('a command that did something else than its sender asked for', () => {
    const kinds = kindsAfter((draft) => {
      const { client, command } = ackedCommand(draft);
      const other = client.commands.find(({ command: { type }, id }) => type === 'play' && id !== command.id);
      command.command = other?.command ?? command.command;
    });
    expect(kinds).toContain('illegal');
  });

  test('a gap in the log', () => {
    const kinds = kindsAfter((draft) => {
      draft.log.splice(30, 1);
    });
    expect(kinds).toContain('gap');
  });

  test('an epoch that goes back', () => {
    const kinds = kindsAfter((draft) => {
      putLog(
        draft,
        draft.log.map((_, at) => ({
          ...entryAt(draft, at),
          epoch: (at === 100 ? 1 : entryAt(draft, at).epoch) as Epoch,
        })),
      );
    });
    expect(kinds).toContain('epoch');
  });

  test('an entry that was changed afterwards', () => {
    const kinds = kindsAfter((draft) => {
      const stored = draft.log[40];
      if (stored) draft.log[40] = { ...stored, text: JSON.stringify({ ...entryAt(draft, 40), at: 1 }) };
    });
    expect(kinds).toContain('digest');
  });

  test('a digest that only one client was told', () => {
    const kinds = kindsAfter((draft) => {
      const { frames, at } = frameWith(draft.clients[2] as Writable<ClientEvidence>, 'card_played');
      const frame = frames[at];
      if (frame) frames[at] = { ...frame, digest: 'feedfeedfeedfeed' as Digest };
    });
    expect(kinds).toEqual(new Set(['digest']));
  });

  test("a foreign card in a client's frame", () => {
    const kinds = kindsAfter((draft) => {
      const [own, foreign] = draft.clients.map((client) => frameWith(client, '"rest_dealt","hand"'));
      const frame = own?.frames[own.at];
      const events = foreign?.frames[foreign.at]?.events;
      if (own && frame && events) own.frames[own.at] = { ...frame, events };
    });
    expect(kinds).toEqual(new Set(['frame']));
  });

  test('a view that shows what the log does not', () => {
    const kinds = kindsAfter((draft) => {
      const view = draft.clients[1]?.views.at(-1);
      if (view) view.fingerprint = 'feedfeedfeedfeed';
    });
    expect(kinds).toEqual(new Set(['view']));
  });

  test('a client that saw another order', () => {
    const kinds = kindsAfter((draft) => {
      const { frames, at } = frameWith(draft.clients[3] as Writable<ClientEvidence>, 'card_played');
      const [one, two] = [frames[at], frames[at + 1]];
      if (one && two) frames.splice(at, 2, two, one);
    });
    expect(kinds).toContain('order');
  });

  test('a client that missed an event', () => {
    const kinds = kindsAfter((draft) => {
      const { frames, at } = frameWith(draft.clients[3] as Writable<ClientEvidence>, 'card_played');
      frames.splice(at, 1);
    });
    expect(kinds).toContain('order');
  });

  test('a client that ended elsewhere than the log', () => {
    const kinds = kindsAfter((draft) => {
      const client = draft.clients[0];
      if (client?.end) client.end = { ...client.end, seq: (client.end.seq - 1) as Seq };
    });
    expect(kinds).toEqual(new Set(['order']));
  });

  test('a move that the rules forbid', () => {
    const kinds = kindsAfter((draft) => {
      const entries = draft.log.map((_, at) => entryAt(draft, at));
      const plays = entries.flatMap((entry, at) => (entry.events[0]?.type === 'card_played' ? [at] : []));
      const [one, two] = plays.slice(8, 10);
      const [first, second] = [entries[one ?? 0], entries[two ?? 0]];
      if (one === undefined || two === undefined || !first || !second) throw new Error('too few moves');
      entries[one] = { ...first, events: second.events };
      putLog(draft, entries);
    });
    expect(kinds).toContain('illegal');
  });

  test('a deal that the seed does not give', () => {
    const kinds = kindsAfter((draft) => {
      const entries = draft.log.map((_, at) => entryAt(draft, at));
      const at = entries.findIndex(({ events }) => events.some(({ type }) => type === 'hand_started'));
      const entry = entries[at] as Entry;
      const events = entry.events.map((event) => ('seed' in event ? { ...event, seed: 'ab'.repeat(32) } : event));
      entries[at] = { ...entry, events };
      putLog(draft, entries);
    });
    expect(kinds).toContain('illegal');
  });

  test('a public log that is not the log', () => {
    const kinds = kindsAfter((draft) => {
      const entry = draft.published[50];
      if (entry) draft.published[50] = { ...entry, events: [] };
    });
    expect(kinds).toEqual(new Set(['published']));
  });

  test('a command that was sent after an ack and stands before it', () => {
    const kinds = kindsAfter((draft) => {
      const { command } = ackedCommand(draft);
      command.order = 1_000_000;
    });
    expect(kinds).toContain('real time');
  });

  test('one command id under two commands', () => {
    const kinds = kindsAfter((draft) => {
      const { client, command, seq } = ackedCommand(draft);
      const entries = draft.log.map((_, at) => entryAt(draft, at));
      const later = entries.findIndex((entry, at) => at >= seq && entry.by?.seat === client.seat);
      const entry = entries[later] as Entry;
      entries[later] = { ...entry, by: { seat: client.seat ?? (0 as Seat), id: command.id as CommandId } };
      putLog(draft, entries);
    });
    expect(kinds).toContain('doubled');
    expect(kinds).toContain('lost');
  });
});
