/** The software with one guard taken out, each of which the simulation must find. */
import type { Change } from '../chaos/mutants.js';

export interface Mutant {
  readonly guard: string;
  /** How it is noticed, where it could be noticed by something else that goes wrong with it. */
  readonly found?: RegExp;
  readonly changes: readonly Change[];
  /** It takes long to be found: looked for by `npm run test:full` alone. */
  readonly slow?: true;
  /** The first seed to be played, below 2,000, where what is needed comes together once in a thousand; by default 1. */
  readonly from?: number;
}

const COMMIT = 'src/redis/lua/commitRoom-2.lua';
const MAILBOX = 'src/room/mailbox.ts';
const TRANSFER = 'src/redis/lua/transferRoom-1.lua';
const POLICY = 'src/redis/connection-policy.ts';
const LEDGER = 'src/room/ledger.ts';

export const mutants: readonly Mutant[] = [
  {
    guard: 'compare-and-set on seq and digest',
    slow: true,
    changes: [
      {
        file: COMMIT,
        from: "if now[3] ~= ARGV[3] or now[4] ~= ARGV[4] then return {'gap', now[3], now[4]} end",
        to: '',
      },
      { file: COMMIT, from: 'local seq = tonumber(ARGV[3])', to: 'local seq = tonumber(now[3])' },
    ],
  },
  {
    guard: 'output gate',
    changes: [
      {
        file: MAILBOX,
        from: `if (entries.length > 0) await this.gate.commit(entries);
        else await this.gate.verify();
        if (this.over) return;
        this.publish(done);`,
        to: `this.publish(done);
        if (entries.length > 0) await this.gate.commit(entries);
        if (this.over) return;`,
      },
    ],
  },
  {
    guard: 'command ids',
    changes: [
      {
        file: 'src/room/commands.ts',
        from: "if (outcome === undefined) return counterOf(id) <= window.floor ? 'stale' : 'new';",
        to: "return 'new';",
      },
    ],
  },
  {
    guard: 'command ids in snapshots',
    slow: true,
    changes: [{ file: 'src/room/store.ts', from: 'windows: windows.stored()', to: 'windows: []' }],
  },
  {
    guard: 'repair of a tail that a failover lost',
    slow: true,
    changes: [{ file: LEDGER, from: 'if (kept) return [...kept, ...ahead];', to: 'if (kept) return ahead;' }],
  },
  {
    guard: 'proof of ownership of idle rooms',
    slow: true,
    changes: [
      {
        file: MAILBOX,
        from: 'if (this.over) return;\n    this.gate.proof.doubt(since);',
        to: 'if (since) return;',
      },
    ],
  },
  {
    guard: 'view of a seat',
    changes: [
      {
        file: 'src/room/event-frames.ts',
        from: 'if (!isSame(this.shown.events, events)) this.shown =',
        // The first viewer's is everybody's.
        to: "if (!('first' in this) && Object.assign(this, { first: true })) this.shown =",
      },
    ],
  },
  {
    guard: 'cards that an event hides',
    changes: [
      {
        file: 'src/game/hokm/event.ts',
        from: "const hand = viewer === 'spectator' ? undefined : event.hands[viewer];",
        to: "const hand = viewer === 'spectator' ? undefined : event.hands.flat();",
      },
    ],
  },
  {
    guard: 'one hop',
    slow: true,
    changes: [
      {
        file: 'src/edge/routing.ts',
        from: "location?.at !== 'elsewhere' || wasForwarded",
        to: "location?.at !== 'elsewhere'",
      },
    ],
  },
  {
    guard: 'proof of ownership before a read over HTTP',
    changes: [
      {
        file: 'src/edge/room-reads.ts',
        from: 'return bounded(this.deps.clock, this.reads.read(mailbox, shown)).catch(',
        to: 'return Promise.resolve(shown()).catch(',
      },
    ],
  },
  {
    guard: 'public log as its owner has published it',
    changes: [
      {
        file: 'src/edge/public-log.ts',
        from: 'async page(mailbox: Mailbox, after: Seq): Promise<LogPage> {\n    const { head } = mailbox;',
        to: `async page(mailbox: Mailbox, after: Seq): Promise<LogPage> {
          const { head } = mailbox;
          if (after >= 0) {
            const found = await this.store.read(head.code, after, PAGE);
            return pageOf(head, found.at(-1)?.seq ?? mailbox.position.seq, found.map(renderOf(head)));
          }`,
      },
    ],
  },
  {
    guard: 'public log of a replicated room only as its copies have it',
    found: /the public log told \d+ before its copies had it/,
    changes: [
      {
        file: 'src/edge/public-log.ts',
        from: 'return pageOf(head, seq, [...older, ...(isJoined ? lines.slice(0, PAGE - older.length) : [])]);',
        to: `const unpublished = isJoined ? await this.store.read(head.code, lines.at(-1)?.seq ?? seq, PAGE) : [];
          const recent = isJoined ? [...lines, ...unpublished.map(renderOf(head))] : [];
          return pageOf(head, seq, [...older, ...recent]);`,
      },
    ],
  },
  {
    guard: 'nobody follows who has left',
    changes: [{ file: 'src/edge/room-reads.ts', from: 'if (!isThere) return;', to: '' }],
  },
  {
    guard: 'silence of Redis',
    changes: [
      {
        file: POLICY,
        from: "if (this.quietTicks >= QUIET_TICKS_TO_LEAVE) return 'leave';",
        to: '',
      },
    ],
  },
  {
    guard: 'role of the Redis that answers',
    changes: [
      { file: POLICY, from: 'return /^role:(slave|replica)/m.test(info);', to: 'return info === undefined;' },
      {
        file: POLICY,
        from: 'return /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED)\\b/.test(error);',
        to: 'return error === undefined;',
      },
    ],
  },
  {
    guard: 'no last word after a loss of data',
    slow: true,
    found: /thrown out with 44|refused with 404|was not found again/,
    changes: [
      {
        file: 'src/cluster/ownership.ts',
        from: 'if (await this.deps.lostLately())',
        to: 'if ((await this.deps.lostLately()) && code.length === 0)',
      },
    ],
  },
  {
    guard: 'messages of an inbox tried again',
    found: /message of the inbox given up/,
    changes: [{ file: 'src/cluster/inbox.ts', from: 'if (attempt === ATTEMPTS) {', to: 'if (attempt >= 1) {' }],
  },
  {
    guard: 'index of rooms compared with the truth',
    changes: [
      {
        file: 'src/cluster/index-reconciler.ts',
        from: 'for (const code of missing) await index.add(self.id, code);',
        to: '',
      },
    ],
  },
  {
    guard: 'end of the log in a change of owner, and the tail for the new one',
    slow: true,
    from: 1_300,
    changes: [
      { file: TRANSFER, from: 'local ends = now[3] == ARGV[3] and now[4] == ARGV[4]', to: 'local ends = true' },
      { file: 'src/room/load.ts', from: 'History.leadingTo(snapshot, tail)', to: 'History.leadingTo(snapshot)' },
    ],
  },
];
