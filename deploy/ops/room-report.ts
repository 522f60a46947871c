/** What is told of rooms to operators. PURE: from what was seen to text. Times are ms since the epoch, cluster time. */
import type { SeatView } from '../../src/protocol/client-out.js';
import type { Entry } from '../../src/room/state.js';

export interface OwnerReport {
  readonly id: string;
  /** `host:port` */
  readonly address: string | null;
  /** Its status in the registry; null when its lease has run out. */
  readonly registered: string | null;
  /** What a direct question to its port gave. */
  readonly process: 'alive' | 'isolated' | 'refused' | 'silent' | 'replaced by another process' | 'unknown';
  /** Whether the index of its rooms names this one. */
  readonly indexed: boolean;
}

/** `connected` is null when only the owner knows and does not tell. */
export type SeatReport = SeatView & { readonly connected: boolean | null };

export interface EpochReport {
  readonly epoch: number;
  /** The first entry of the log that was written under it. */
  readonly seq: number;
  readonly at: number;
}

/** The JSON of `room explain --json`. */
export interface RoomReport {
  readonly room: string;
  readonly game: string;
  readonly status: string;
  readonly durability: string;
  readonly now: number;
  readonly created_at: number;
  readonly owner: OwnerReport | null;
  readonly epoch: number;
  readonly seq: number;
  readonly digest: string;
  readonly last_commit_at: number | null;
  /** When an owner last touched it: commit, move or release. */
  readonly alive_at: number;
  /** Of the log that is kept, oldest first. Epoch 1 is the first claim; every later one a move or a takeover. */
  readonly epochs: readonly EpochReport[];
  readonly log: { readonly entries: number; readonly first_seq: number | null; readonly snapshot_seq: number };
  /** When a room that nobody owns is forgotten, ms from now; null when it is not. */
  readonly ttl_ms: number | null;
  readonly seats: readonly (SeatReport | null)[];
  /** Sockets, spectators included; null when the owner does not tell. */
  readonly connections: number | null;
  readonly frozen: boolean | null;
  /** Where HAProxy sends its players; null when HAProxy cannot be asked, `number` null when it has no pin. */
  readonly pin: { readonly number: number | null; readonly instance: string | null } | null;
  /** What does not fit together. */
  readonly problems: readonly string[];
  readonly errors: readonly { readonly instance: string; readonly at: number; readonly text: string }[];
}

export interface ListedRoom {
  readonly room: string;
  readonly owner: string | null;
  readonly epoch: number;
  readonly seq: number;
  readonly status: string;
  /** People seated; null when the state cannot be had. */
  readonly players: number | null;
}

/** Where each epoch began. */
export function epochsOf(entries: readonly { readonly seq: number; readonly entry: Entry }[]): EpochReport[] {
  return entries
    .filter(({ entry }, at) => entry.epoch !== entries[at - 1]?.entry.epoch)
    .map(({ seq, entry }) => ({ epoch: entry.epoch, seq, at: entry.at }));
}

/** `12.3 s`, `4 min`, `2.5 h`, `3 d` */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

const DURABILITY: Readonly<Record<string, string>> = {
  async: 'async: acknowledged before Redis has it',
  primary: 'primary: acknowledged when Redis has it',
  replicated: 'replicated: acknowledged when most copies have it',
};

/** For people. */
export function describeRoom(report: RoomReport): string {
  const ago = (at: number) => `${duration(report.now - at)} ago`;
  const rows: [string, string][] = [
    ['Room', `${report.room}, ${report.game}, ${report.status}, made ${ago(report.created_at)}`],
    ['Owner', owner(report)],
    ['Position', `epoch ${report.epoch}, seq ${report.seq}, digest ${report.digest}`],
    ['Durability', DURABILITY[report.durability] ?? report.durability],
    ['Last commit', report.last_commit_at === null ? 'none yet' : ago(report.last_commit_at)],
    ['Log', log(report)],
    ...(report.ttl_ms === null ? [] : [['Forgotten in', duration(report.ttl_ms)] as [string, string]]),
    ['Sockets', sockets(report)],
    ['HAProxy', pin(report)],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(13)}${value}`);
  const section = (title: string, items: readonly string[]) => {
    if (items.length > 0) lines.push(title, ...items.map((item) => `  ${item}`));
  };
  section('Seats', report.seats.map(seat));
  section('Epochs in the log (each later one a move or a takeover)', epochs(report, ago));
  section('Does not fit together', report.problems);
  section(
    'Recent errors',
    report.errors.map(({ instance, at, text }) => `${ago(at).padStart(12)}  ${instance}  ${text}`),
  );
  return `${lines.join('\n')}\n`;
}

function owner({ owner: found }: RoomReport): string {
  if (!found) return 'nobody: whoever is asked for the room first claims it';
  const registered = found.registered === null ? 'its lease has run out' : `registered as ${found.registered}`;
  const process = {
    alive: 'its port answers',
    isolated: 'it has lost Redis and given its rooms up',
    refused: 'nothing listens there',
    silent: 'its port does not answer',
  };
  const said = found.process in process ? process[found.process as keyof typeof process] : found.process;
  return `${found.id} at ${found.address ?? '?'}: ${registered}, ${said}`;
}

function log({ log: { entries, first_seq, snapshot_seq } }: RoomReport): string {
  const range = first_seq === null ? '' : ` from seq ${first_seq}`;
  return `${entries} entries${range}; ${snapshot_seq === 0 ? 'no snapshot yet' : `snapshot at seq ${snapshot_seq}`}`;
}

function sockets({ connections, frozen, owner: found }: RoomReport): string {
  if (connections === null) return found ? 'the owner does not tell' : 'none: nobody plays it';
  return `${connections}${frozen ? ', FROZEN: Redis does not confirm' : ''}`;
}

function pin({ pin: found, owner: owned }: RoomReport): string {
  if (!found) return 'not asked: no admin socket here';
  if (found.number === null) return 'no pin: any instance gets its players, and forwards them';
  return `pins it to ${found.instance ?? `server ${found.number}, which it does not have`}${found.instance === owned?.id ? ', the owner' : ''}`;
}

function seat(taken: SeatReport | null, at: number): string {
  if (!taken) return `${at}  empty`;
  const here =
    taken.connected === null ? 'not known whether connected' : taken.connected ? 'connected' : 'not connected';
  const kind = taken.bot ? 'bot' : taken.substituted ? `player, a bot plays on, ${here}` : `player, ${here}`;
  // As JSON: a name may hold what a terminal would obey.
  return `${at}  ${JSON.stringify(taken.name)}  ${kind}`;
}

function epochs({ epochs: found, epoch: present, log: { first_seq } }: RoomReport, ago: (at: number) => string) {
  const lines = found.map(({ epoch, seq, at }) => {
    const begin = seq === first_seq && seq > 1 ? `seq ${seq} or before` : `from seq ${seq}`;
    return `${String(epoch).padStart(3)}  ${begin}, ${ago(at)}`;
  });
  if (present > (found.at(-1)?.epoch ?? 0)) lines.push(`${String(present).padStart(3)}  nothing written yet`);
  return lines;
}

/** For people: a line each. */
export function describeRooms(rooms: readonly ListedRoom[], complete: boolean): string {
  const head = ['ROOM', 'OWNER', 'EPOCH', 'SEQ', 'PLAYERS', 'STATUS'];
  const rows = rooms.map((room) => [
    room.room,
    room.owner ?? '-',
    String(room.epoch),
    String(room.seq),
    room.players === null ? '?' : String(room.players),
    room.status,
  ]);
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.push(`${rooms.length} room(s)`);
  if (!complete) lines.push('Rooms that nobody owns are not listed: this Redis user may not SCAN.');
  return `${lines.join('\n')}\n`;
}
