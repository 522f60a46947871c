/** The software with one guard taken out, each with a test of a real part that must find it: what lot finds too seldom. */
import type { Change } from '../chaos/mutants.js';

export interface Mutant {
  readonly guard: string;
  readonly change: Change;
  /** The file of the test, and the beginning of its whole name. */
  readonly file: string;
  readonly test: string;
}

const PROOF = 'src/room/proof.ts';
const LEDGER = 'src/room/ledger.ts';
const LOST_CLAIM = 'a store that has lost the claim of an owner who lives, as a restored backup has';
const trusting: Change = {
  file: PROOF,
  from: 'return trusted && (lease.generation === this.generation || !lease.fresh());',
  to: 'return true;',
};

export const mutants: readonly Mutant[] = [
  {
    guard: 'epoch check of a commit',
    change: {
      file: 'src/redis/lua/commitRoom-2.lua',
      from: "if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end",
      to: '',
    },
    file: 'contract/room-store',
    test: 'RoomStore: Redis a former owner is fenced although position and epochs before fit',
  },
  {
    guard: 'generation of the connection that waits for copies',
    change: {
      file: 'src/redis/room-store.ts',
      from: "if (generationOf(waiting) !== generation) throw new Error('the connection changed between a write and its WAIT');",
      to: '',
    },
    file: 'contract/room-store',
    test: 'rooms in Redis a replicated commit is unknown when its WAIT would go to another primary',
  },
  {
    guard: 'digest, where the seq is equal',
    change: {
      file: 'src/redis/lua/commitRoom-2.lua',
      from: 'if now[3] ~= ARGV[3] or now[4] ~= ARGV[4] then',
      to: 'if now[3] ~= ARGV[3] then',
    },
    file: 'contract/room-store',
    test: 'RoomStore: Redis a refused commit writes nothing',
  },
  {
    guard: 'position of a transfer',
    change: {
      file: 'src/redis/lua/transferRoom-1.lua',
      from: "if not ends then return {'gap', now[3], now[4]} end",
      to: '',
    },
    file: 'contract/room-store',
    test: 'RoomStore: Redis a transfer is refused where the log ends elsewhere: a copy that lacks the last moves keeps its owner',
  },
  {
    guard: 'position of a release',
    change: {
      file: 'src/redis/lua/releaseRoom-3.lua',
      from: "return {'gap', now[3], now[4]}",
      to: '',
    },
    file: 'contract/room-store',
    test: 'RoomStore: Redis a release is refused where the log ends elsewhere',
  },
  {
    guard: 'position of a claim that is made again',
    change: {
      file: 'src/redis/lua/claimRoom-3.lua',
      from: "if #ARGV > 5 and (now[3] ~= ARGV[6] or now[4] ~= ARGV[7]) then return {'gap', now[3], now[4]} end",
      to: '',
    },
    file: 'contract/room-store',
    test: 'RoomStore: Redis a claim that says where the log ends is refused when it ends elsewhere',
  },
  {
    guard: 'claim of one’s own that is only found',
    change: {
      file: LEDGER,
      from: 'const landed = seen.owner === owner && seen.epoch > epoch;',
      to: 'const landed = false;',
    },
    file: 'room/repair',
    test: 'a claim that a failover took back and that is made again without an answer, lands late',
  },
  {
    guard: 'another owner of the same epoch',
    change: {
      file: LEDGER,
      from: 'if (seen.epoch === epoch && this.history.after(seen)?.length === 0) return undefined;',
      to: '',
    },
    file: 'room/repair',
    test: 'a claim that a failover took back stays the other’s, at the same epoch, where the owner has nothing',
  },
  {
    guard: 'higher epoch of an owner whose claim the store has lost',
    change: {
      file: LEDGER,
      from: 'if (epoch < this.fence.epoch) return true;',
      to: 'if (epoch < this.fence.epoch) return false;',
    },
    file: 'room/lost-claim',
    test: `${LOST_CLAIM} gets the room whole from it, over what a former owner has written since`,
  },
  {
    guard: 'same epoch of a former owner, claimed after a loss',
    change: {
      file: LEDGER,
      from: 'const isPresent = lease.fresh() && lease.generation === this.generation;',
      to: 'const isPresent = false;',
    },
    file: 'room/lost-claim',
    test: `${LOST_CLAIM} gets the room whole from it also where a former owner has claimed it above its lost claim, at the same epoch`,
  },
  {
    guard: 'word of the store from before the lease was fresh again',
    change: { file: LEDGER, from: 'const isOutdated = !lease.fresh();', to: 'const isOutdated = false;' },
    file: 'room/lost-claim',
    test: `${LOST_CLAIM} is left the time for that also by a commit that was sent before the former owner fell asleep and arrives only then`,
  },
  {
    guard: 'time after a loss, before a former owner tells or writes anything',
    change: { file: LEDGER, from: 'const restored = whenRestored();', to: 'const restored = undefined;' },
    file: 'room/lost-claim',
    test: `${LOST_CLAIM} is left the time for that by a former owner: it stores what it has, and says and writes nothing before`,
  },
  {
    guard: 'time after a loss, before a former owner gives its room away',
    change: {
      file: 'src/room/handover.ts',
      from: '!ledger.closed && (await ledger.isUndisputed())',
      to: '!ledger.closed',
    },
    file: 'room/handover',
    test: 'a sealed room is not given away after a loss before others have had the time to store it',
  },
  {
    guard: 'what is known here stored before that time, not after',
    change: {
      file: LEDGER,
      from: 'if (!(await this.sendAgain(entries, await this.check()))) return false;',
      to: '',
    },
    file: 'room/handover',
    test: 'a store that has lost the end of the log gets it before others are left their time, not after',
  },
  {
    guard: 'end of a question with its answer',
    change: { file: 'src/cluster/bus.ts', from: 'if (enough(answer)) settle();', to: 'enough(answer);' },
    file: 'cluster/bus',
    test: 'a question ends with its answer',
  },
  {
    guard: 'lease, in rooms that play on without the store',
    change: trusting,
    file: 'room/guards',
    test: 'with the guard in the lease: an owner whose room was taken plays on before it writes',
  },
  {
    guard: 'lease, in rooms that stand still',
    change: trusting,
    file: 'room/mailbox',
    test: 'a lease in doubt drops the room when the store names another owner',
  },
  {
    guard: 'generation of the lease',
    change: { file: PROOF, from: 'lease.generation === this.generation || !lease.fresh()', to: 'lease' },
    file: 'room/mailbox',
    test: 'a lease in doubt drops the room when the store names another owner',
  },
  {
    guard: 'cards of a hand that newcomers come to',
    change: {
      file: 'src/room/state.ts',
      from: "return dealtTo !== null && occupant?.kind === 'human' && dealtTo[seat] !== occupant.tokenHash;",
      to: 'return false;',
    },
    file: 'room/newcomers',
    test: 'nobody goes from seat to seat and sees one hand after the other',
  },
  {
    guard: 'bounded buffer of a slow reader',
    change: {
      file: 'src/edge/player-socket.ts',
      from: 'if (this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return this.socket.send(frame);',
      to: 'return this.socket.send(frame);',
    },
    file: 'edge/slow-reader',
    test: 'who stops reading is cut off',
  },
];
