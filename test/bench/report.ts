/** Everything that was measured, as a table for people and as JSON for programs. */
import type { CapacityFigure } from './figures/capacity.js';
import type { DrainFigure } from './figures/drain.js';
import { type DurabilityFigure, MODES } from './figures/durability.js';
import type { InstancesFigure } from './figures/instances.js';
import { FSYNCS, type LatencyFigure } from './figures/latency.js';
import { type MoveFigure, ratio, type ServerName } from './figures/move.js';
import type { Latency } from './figures/pace.js';
import { rounded } from './statistics.js';

export interface Measured {
  readonly moves: readonly MoveFigure[];
  readonly durability?: DurabilityFigure;
  readonly instances?: InstancesFigure;
  readonly latency?: LatencyFigure;
  readonly capacity?: readonly CapacityFigure[];
  readonly drain?: DrainFigure;
  /** Part of the machine that others used before the first run; figures of time taken then say little. */
  readonly othersBusy: number;
}

/** A figure with what it must be, and what it aims at. */
export interface Check {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly must: number;
  readonly aim: number;
  /** `most`: smaller is better. */
  readonly bound: 'most' | 'least';
}

export const TITLES: Readonly<Record<ServerName, string>> = {
  hokm: 'this project: Hokm, durable',
  relay: 'this project: bare relay game, durable',
  raw: 'raw ws relay, in memory',
  raw_lua: 'raw ws + one Lua commit',
  colyseus: 'Colyseus relay, in memory',
  socket_io: 'Socket.IO + Redis adapter, nothing stored',
};

export function ratios({ moves, durability, instances, latency }: Measured): Record<string, number> {
  const found = {
    to_colyseus: ratio(moves, 'hokm', 'colyseus'),
    to_raw_lua: ratio(moves, 'hokm', 'raw_lua'),
    to_raw: ratio(moves, 'hokm', 'raw'),
    to_socket_io: ratio(moves, 'hokm', 'socket_io'),
    relay_to_raw_lua: ratio(moves, 'relay', 'raw_lua'),
    four_instances_to_one: instances?.fourToOne,
    replicated_to_primary: durability?.replicatedToPrimary,
    async_to_primary: durability?.asyncToPrimary,
    latency_to_raw_lua: latency?.toRawLua,
  };
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, rounded(value)]])),
  );
}

/** Rooms at which memory and idleness are judged. */
const FULL = 4_900;

export function checks(measured: Measured): Check[] {
  const { to_colyseus, to_raw_lua, four_instances_to_one, replicated_to_primary, latency_to_raw_lua } =
    ratios(measured);
  const { drain } = measured;
  const full = measured.capacity?.find(({ name, rooms }) => name === 'hokm' && rooms === FULL);
  const most = (name: string, value: number | undefined, unit: string, must: number, aim: number) =>
    value === undefined ? [] : [{ name, value: rounded(value), unit, must, aim, bound: 'most' as const }];
  return [
    ...most("CPU a move ÷ Colyseus' in-memory relay", to_colyseus, '', 1.3, 1),
    ...most('CPU a move ÷ raw ws + Lua commit', to_raw_lua, '', 1.35, 1.2),
    ...most('move → event with appendfsync always, p50 ÷ raw ws + Lua commit', latency_to_raw_lua, '', 1.5, 1.2),
    ...most(`memory a room with 4 sockets at ${FULL} rooms`, full?.memory, 'kB', 45, 30),
    ...most('idle CPU there, pings every 25 s', full && full.idle * 100, '%', 4, 2.5),
    ...most('join, CPU a connection', full?.join, 'µs', 280, 150),
    ...(drain
      ? [
          {
            name: 'drain: rooms with 4 sockets moved a second, played',
            value: rounded(drain.perSecond),
            unit: '/s',
            must: 200,
            aim: 500,
            bound: 'least' as const,
          },
        ]
      : []),
    ...most('CPU a move at 4 instances ÷ at 1, same core', four_instances_to_one, '', 1.3, 1.1),
    ...most('`replicated` ÷ `primary` CPU a move', replicated_to_primary, '', 1.3, 1.15),
  ];
}

/** `aim`, `must` or `missed`: the best that the figure reaches. */
export function reached({ value, must, aim, bound }: Check): 'aim' | 'must' | 'missed' {
  const within = (limit: number) => (bound === 'most' ? value <= limit : value >= limit);
  return within(aim) ? 'aim' : within(must) ? 'must' : 'missed';
}

const MARKS = { aim: 'yes, and the aim', must: 'yes', missed: 'NO' } as const;

const LATENCY_COLUMNS = ['p50 ms', 'p99 ms', 'moves that came late'];
const cellsOf = ({ p50, p99, missed }: Latency) => [rounded(p50), rounded(p99), missed];

/** Markdown, which reads well as it is. */
export function table(measured: Measured): string {
  const { moves, capacity = [], instances, durability, latency, othersBusy } = measured;
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const lines: string[] = [];
  if (moves.length > 0) {
    lines.push(line(['server', 'µs CPU a move', 'half of the runs', 'moves/s', 'server busy', 'µs Redis']));
    lines.push(line(Array.from({ length: 6 }, () => '---')));
    for (const { name, cpu, movesPerSecond, busy, redis } of moves) {
      const range = cpu.quartiles.map((us) => us.toFixed(1)).join('–');
      const [rate, part] = [Math.round(movesPerSecond), `${Math.round(busy * 100)} %`];
      lines.push(line([TITLES[name], cpu.median.toFixed(1), range, rate, part, redis.toFixed(1)]));
    }
    lines.push('');
  }
  if (capacity.length > 0) {
    lines.push(
      line(['server', 'rooms', 'kB a room', 'µs CPU a join', 'of the first half', 'idle CPU']),
      line(['---', '---', '---', '---', '---', '---']),
    );
    for (const { name, rooms, memory, join, firstJoins, idle } of capacity) {
      const [warm, cold] = [join.toFixed(0), firstJoins.toFixed(0)];
      lines.push(line([TITLES[name], rooms, memory.toFixed(1), warm, cold, `${(idle * 100).toFixed(1)} %`]));
    }
    lines.push('');
  }
  if (instances)
    lines.push(
      `Instances on one core: ${instances.cpu.map(({ instances: count, us }) => `${count}: ${us.toFixed(1)} µs`).join(', ')} a move.`,
      '',
    );
  if (latency) {
    const { perSecond, fsync, throughHAProxy } = latency;
    const title = `move → event at ${perSecond}/s`;
    lines.push(line([title, 'appendfsync', ...LATENCY_COLUMNS]), line(Array.from({ length: 5 }, () => '---')));
    for (const name of FSYNCS) {
      lines.push(line([TITLES.hokm, name, ...cellsOf(fsync[name].hokm)]));
      lines.push(line([TITLES.raw_lua, name, ...cellsOf(fsync[name].rawLua)]));
    }
    lines.push(line([`${TITLES.hokm}, through HAProxy`, 'always', ...cellsOf(throughHAProxy)]), '');
  }
  if (durability) {
    const columns = ['durability', 'µs CPU a move', ...LATENCY_COLUMNS];
    lines.push(line(columns), line(columns.map(() => '---')));
    for (const mode of MODES) {
      lines.push(line([mode, durability.cpu[mode].toFixed(1), ...cellsOf(durability.latency[mode])]));
    }
    lines.push('');
  }
  lines.push(line(['figure', 'measured', 'must', 'aim', 'holds']), line(['---', '---', '---', '---', '---']));
  for (const check of checks(measured)) {
    const { name, value, unit, must, aim, bound } = check;
    const limit = (of: number) => `${bound === 'most' ? '≤' : '≥'} ${of}${unit && ` ${unit}`}`;
    lines.push(line([name, `${value}${unit && ` ${unit}`}`, limit(must), limit(aim), MARKS[reached(check)]]));
  }
  const others = Math.round(othersBusy * 100);
  if (others > 10) lines.push('', `Others kept the machine ${others} % busy: times are worth little, ratios some.`);
  return `${lines.join('\n')}\n`;
}
