/** The command line of `npm run play`. */
import { resolve } from 'node:path';
import yargs from 'yargs';
import { commandName } from '../../config.js';
import { type RoomCode, readRoomCode } from '../../protocol/ids.js';
import { DATA_FOLDER } from '../../runtime/package-root.js';
import { type NewRoom, parseServer, type Server } from './server.js';
import { UsageError } from './usage-error.js';

/** interactive: a person plays; bot: the program does; watch: nobody, the events are printed until the match ends. */
export type Mode = 'interactive' | 'bot' | 'watch';

export interface Arguments {
  /** The local cluster when there is none. */
  readonly server: Server | undefined;
  /** A new room when there is none. */
  readonly room: RoomCode | undefined;
  readonly newRoom: NewRoom;
  readonly name: string | undefined;
  readonly seat: number | undefined;
  readonly token: string | undefined;
  /** Take no seat back that was kept. */
  readonly forget: boolean;
  readonly bot: boolean;
  readonly spectate: boolean;
  /** As host, start at once with bots on the empty seats. */
  readonly fill: boolean;
  readonly delayMs: number;
  readonly transcript: string | undefined;
  /** Absolute. */
  readonly data: string;
  /** What friends need to add to `--room` in order to reach the same cluster. */
  readonly whereabouts: string;
}

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['$0', 'a new table on the local cluster'],
  ['$0 --room 7KQ2M9XZ --name Sara', 'join a friend, or take your seat back'],
  ['$0 --fill --target 3', 'a short match against bots'],
  ['$0 --url https://hokm.example --room 7KQ2M9XZ', 'on another cluster'],
  ['$0 --room 7KQ2M9XZ --bot', 'let the rule bot play for you'],
  ['$0 --room 7KQ2M9XZ --spectate', 'watch'],
  [`$0 --options '{"trump_modes":["naras"]}'`, "with the game's own options"],
];

/** @throws UsageError with one line about the first mistake. */
export async function parseArguments(args: readonly string[]): Promise<Arguments> {
  const parser = yargs([...args])
    .scriptName(commandName('play'))
    .usage('$0 [options]\n\nPlays Hokm in the terminal. Type help at the table.')
    .options({
      url: { type: 'string', describe: 'http(s)://host[:port] or ws(s)://…; the local cluster by default' },
      room: { type: 'string', describe: 'code of the room to join; a new room by default' },
      name: { type: 'string', describe: 'your name at the table' },
      seat: { type: 'number', describe: 'the seat you want, 0 to 3; 0 and 2 are partners' },
      token: { type: 'string', describe: 'of a seat taken before; those of this machine are kept in --data' },
      new: { type: 'boolean', default: false, describe: 'forget the seat that was kept for this room' },
      bot: { type: 'boolean', default: false, describe: 'play by itself, and print the events' },
      spectate: { type: 'boolean', default: false, describe: 'watch; not on a terminal: print the events' },
      fill: { type: 'boolean', default: false, describe: 'as host: start at once, with bots on the empty seats' },
      delay: { type: 'number', default: 150, describe: "--bot's pause before a move, ms" },
      transcript: { type: 'string', describe: 'file for the events as JSON, a line for each frame' },
      target: { type: 'number', describe: 'new room: points that win the match, 1 to 13 (7)' },
      'turn-seconds': { type: 'number', describe: 'new room: time for one move, 0.5 to 600 (20)' },
      durability: { choices: ['async', 'primary', 'replicated'] as const, describe: 'new room: when a move is safe' },
      options: { type: 'string', array: true, describe: "new room: the game's options as JSON objects" },
      data: {
        type: 'string',
        default: DATA_FOLDER,
        defaultDescription: '.hokm',
        describe: 'folder of the local cluster and of the seats you hold',
      },
    })
    .example(EXAMPLES.map(([command, text]): [string, string] => [command, text]))
    .epilogue('Exit code: 0 done, 1 failed, 130 Ctrl-C.')
    .wrap(100)
    .strict()
    .version(false)
    .fail((message, error) => {
      throw new UsageError(message || error.message);
    });
  const given = await parser.parseAsync();
  for (const [name, value] of Object.entries(given)) {
    if (name !== '_' && name !== 'options' && Array.isArray(value)) throw new UsageError(`--${name} is given twice.`);
  }
  const { url, seat, delay, target, 'turn-seconds': turnSeconds, durability, bot, spectate, fill } = given;
  const server = url === undefined ? undefined : parseServer(url);
  const room = given.room === undefined ? server?.room : codeOf(given.room);
  const newRoom: NewRoom = {
    options: { ...jsonOf(given.options ?? []), ...(target === undefined ? {} : { target_points: target }) },
    ...(turnSeconds === undefined ? {} : { turn_ms: Math.round(turnSeconds * 1000) }),
    ...(durability === undefined ? {} : { durability }),
  };
  if (room !== undefined && (Object.keys(newRoom).length > 1 || Object.keys(newRoom.options).length > 0)) {
    throw new UsageError('--target, --turn-seconds, --durability and --options are for a new room, without --room.');
  }
  if (spectate && room === undefined) throw new UsageError('--spectate needs a --room to watch.');
  if (seat !== undefined && !isWhole(seat, 0, 7)) throw new UsageError('--seat must be a seat number, 0 to 3.');
  if (!isWhole(delay, 0, 60_000)) throw new UsageError('--delay must be whole milliseconds, 0 to 60000.');
  if (given.name !== undefined && given.name.trim() === '') throw new UsageError('--name is empty.');
  if (given.token === '') throw new UsageError('--token is empty.');
  return {
    server,
    room,
    newRoom,
    name: given.name,
    seat,
    token: given.token,
    forget: given.new,
    bot,
    spectate,
    fill,
    delayMs: delay,
    transcript: given.transcript === undefined ? undefined : resolve(given.transcript),
    data: resolve(given.data),
    whereabouts: server ? ` --url ${server.http}` : args.includes('--data') ? ` --data ${resolve(given.data)}` : '',
  };
}

/** @throws UsageError */
function codeOf(text: string): RoomCode {
  const code = readRoomCode(text);
  if (code === undefined) throw new UsageError('A room code has 8 letters and digits, as 7KQ2M9XZ.');
  return code;
}

function jsonOf(texts: readonly string[]): Record<string, unknown> {
  return Object.assign({}, ...texts.map(objectOf)) as Record<string, unknown>;
}

function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new UsageError(`--options must be a JSON object, as '{"target_points":3}'.`);
}

const isWhole = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max;
