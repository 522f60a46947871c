/**
 * HAProxy's runtime API over its admin socket. One connection a line of commands; every reply is read to its end and
 * held against what 2.6 answers when it has done what was asked. Anything else is an error, never a guess.
 */
import { type InstanceId, parseRoomCode, type RoomCode } from '../src/protocol/ids.js';
import { formatHostPort } from '../src/runtime/address.js';
import { askSocket, HAProxyUnavailable } from './command-socket.js';

export { HAProxyUnavailable };

/** A server of the backend `game` as HAProxy has it. */
export interface ShownServer {
  readonly name: InstanceId;
  /** HAProxy's id of the server: the instance's number. */
  readonly number: number;
  /** With its port. */
  readonly address: string;
  readonly weight: number;
  /** What was ordered; `up` is what the health check found. */
  readonly state: 'ready' | 'drain' | 'maint';
  readonly up: boolean;
  /** Whether health checks are switched on. */
  readonly checked: boolean;
}

export interface NewServer {
  readonly name: InstanceId;
  readonly number: number;
  /** An IP address: HAProxy accepts a name and then never resolves it. */
  readonly address: string;
  readonly port: number;
  /** 1 to 256. */
  readonly weight: number;
}

/** The worker that answers. */
export interface WorkerInfo {
  /** Its name, host/pid@start: see `worker`. */
  readonly worker: string;
  readonly pid: number;
  /** Whole seconds, rounded down. */
  readonly uptimeSeconds: number;
  /** Open connections of players and operators. */
  readonly connections: number;
}

/** HAProxy answered something else than "done". */
export class UnexpectedReply extends Error {
  override readonly name = 'UnexpectedReply';

  constructor(
    readonly command: string,
    readonly reply: string,
  ) {
    super(`HAProxy answered ${JSON.stringify(reply.trim().split('\n', 1)[0])} to "${command}"`);
  }
}

/** What a server is checked with. A dead instance is out within fall × fastinter; a frozen one after its timeouts. */
export const CHECK =
  'check inter 500ms fastinter 200ms downinter 500ms fall 3 rise 1 on-marked-down shutdown-sessions' as const;
/** Commands of one line: 100 pins are about 5 kB of the 16 kB that a line may have. */
const BATCH = 100;

export class RuntimeApi {
  /** @param timeoutMs longest silence on a connection before HAProxy counts as away. */
  constructor(
    private readonly socketPath: string,
    private readonly timeoutMs = 2_000,
  ) {}

  /**
   * Names the worker that answers, as no other is named on any host; it changes with every restart and reload. In a
   * container the pid alone does not.
   */
  async worker(): Promise<string> {
    return (await this.info()).worker;
  }

  async info(): Promise<WorkerInfo> {
    const reply = await this.ask('show info');
    const text = (name: string) => {
      const value = new RegExp(`^${name}: (\\S+)$`, 'm').exec(reply)?.[1];
      if (value === undefined) throw new UnexpectedReply('show info', reply);
      return value;
    };
    const field = (name: string) => {
      const value = text(name);
      if (!/^\d+$/.test(value)) throw new UnexpectedReply('show info', reply);
      return Number(value);
    };
    return {
      worker: `${text('node')}/${field('Pid')}@${field('Start_time_sec')}`,
      pid: field('Pid'),
      uptimeSeconds: field('Uptime_sec'),
      connections: field('CurrConns'),
    };
  }

  async servers(): Promise<ShownServer[]> {
    return parseServers(await this.ask('show servers state game'));
  }

  /** Every pin: room and the number of the instance it is pinned to. */
  async pins(): Promise<Map<RoomCode, number>> {
    return parsePins(await this.ask('show table pins'));
  }

  /** Adds a server; it is in maintenance and unchecked until told otherwise. */
  async add(server: NewServer): Promise<void> {
    const address = formatHostPort({ host: server.address, port: server.port });
    const place = `${server.name} ${address} id ${server.number} weight ${server.weight}`;
    await this.expect(`add server game/${place} ${CHECK}`, 'New server registered.');
  }

  async enableHealth(name: InstanceId): Promise<void> {
    await this.expect(`enable health game/${name}`, '');
  }

  async setState(name: InstanceId, state: ShownServer['state']): Promise<void> {
    await this.expect(`set server game/${name} state ${state}`, '');
    // Out of maintenance one failed check would be enough: a new instance whose first players all come at once can take
    // longer for one than HAProxy waits, and would lose them.
    if (state === 'ready') await this.healthUp(name);
  }

  /** Believes a server again that its first failed check would take out: as after `setState`, without changing the state. */
  async healthUp(name: InstanceId): Promise<void> {
    await this.expect(`set server game/${name} health up`, '');
  }

  async setWeight(name: InstanceId, weight: number): Promise<void> {
    await this.expect(`set server game/${name} weight ${weight}`, '');
  }

  /** Closes all connections of players to the instance. */
  async shutdownSessions(name: InstanceId): Promise<void> {
    await this.expect(`shutdown sessions server game/${name}`, '');
  }

  /** Deletes a server that is in maintenance; `busy` while connections are attached to it. */
  async delete(name: InstanceId): Promise<'deleted' | 'busy'> {
    const command = `del server game/${name}`;
    const reply = await this.ask(command);
    if (reply.trim() === 'Server deleted.') return 'deleted';
    if (/still has connections/.test(reply)) return 'busy';
    throw new UnexpectedReply(command, reply);
  }

  /** Forgets which rooms were at the instance with this number: pinned ones and learned ones. */
  async clearRoomsOf(number: number): Promise<void> {
    await this.expect(`clear table pins data.server_id eq ${number}`, '');
    await this.expect(`clear table learned data.server_id eq ${number}`, '');
  }

  async setPins(pins: Iterable<readonly [RoomCode, number]>): Promise<void> {
    await this.batch([...pins].map(([room, number]) => `set table pins key ${room} data.server_id ${number}`));
  }

  async clearPins(rooms: Iterable<RoomCode>): Promise<void> {
    await this.batch([...rooms].map((room) => `clear table pins key ${room}`));
  }

  /** Runs commands whose reply is an empty line each. */
  private async batch(commands: readonly string[]): Promise<void> {
    for (let at = 0; at < commands.length; at += BATCH) {
      const some = commands.slice(at, at + BATCH);
      const reply = await this.ask(some.join(';'));
      if (reply !== '\n'.repeat(some.length)) throw new UnexpectedReply(`${some[0]} (${some.length})`, reply);
    }
  }

  private async expect(command: string, answer: string): Promise<void> {
    const reply = await this.ask(command);
    // A reply ends with an empty line; without that it was cut off.
    if (!reply.endsWith('\n') || reply.trim() !== answer) throw new UnexpectedReply(command, reply);
  }

  private ask(line: string): Promise<string> {
    return askSocket(this.socketPath, line, this.timeoutMs);
  }
}

const MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20;
const DRAIN = 0x08 | 0x10;
const CHECK_ENABLED = 0x04;

/** @throws UnexpectedReply when the dump is not of the format that 2.6 writes. */
export function parseServers(reply: string): ShownServer[] {
  const [version, header, ...lines] = reply.trimEnd().split('\n');
  const columns = header?.replace(/^# /, '').split(' ') ?? [];
  const wanted = ['srv_name', 'srv_id', 'srv_addr', 'srv_port', 'srv_op_state', 'srv_admin_state'];
  const malformed = () => new UnexpectedReply('show servers state game', reply);
  if (version !== '1' || ![...wanted, 'srv_uweight', 'srv_check_state'].every((name) => columns.includes(name))) {
    throw malformed();
  }
  return lines.map((line) => {
    const fields = line.split(' ');
    if (fields.length !== columns.length) throw malformed();
    const text = (name: string) => fields[columns.indexOf(name)] ?? '';
    const number = (name: string) => {
      if (!/^\d+$/.test(text(name))) throw malformed();
      return Number(text(name));
    };
    const admin = number('srv_admin_state');
    return {
      name: text('srv_name') as InstanceId,
      number: number('srv_id'),
      address: formatHostPort({ host: text('srv_addr'), port: number('srv_port') }),
      weight: number('srv_uweight'),
      state: admin & MAINTENANCE ? 'maint' : admin & DRAIN ? 'drain' : 'ready',
      up: number('srv_op_state') !== 0,
      checked: (number('srv_check_state') & CHECK_ENABLED) !== 0,
    };
  });
}

/** @throws UnexpectedReply when the dump is not of the format that 2.6 writes. */
export function parsePins(reply: string): Map<RoomCode, number> {
  const [header, ...lines] = reply.trimEnd().split('\n');
  const malformed = () => new UnexpectedReply('show table pins', reply);
  if (!header?.startsWith('# table: pins, type: string')) throw malformed();
  const pins = new Map<RoomCode, number>();
  for (const line of lines) {
    const [, key, number] = / key=(\S+) .*\bserver_id=(\d+)/.exec(line) ?? [];
    const room = parseRoomCode(key ?? '');
    if (room === undefined || number === undefined) throw malformed();
    pins.set(room, Number(number));
  }
  return pins;
}
