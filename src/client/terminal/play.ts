/** One player's (or bot's, or watcher's) time at one table, from sitting down to the exit code. */
import { commandName, terminalConfig } from '../../config.js';
import type { RoomCode } from '../../protocol/ids.js';
import type { Table } from '../table.js';
import type { Arguments } from './arguments.js';
import { eventLines, resultText, runAutomatic, startWithBots } from './automatic.js';
import { INTERRUPTED, runOnLines, runOnScreen } from './interactive.js';
import { coloured, plain } from './paint.js';
import { SeatFile } from './seat-file.js';
import type { Server } from './server.js';
import { sitDown } from './sit-down.js';
import { Story } from './story.js';
import { Transcript } from './transcript.js';

/** What is still to be sent, the last word to the server, gets this long, ms. */
const LAST_WORDS_MS = 500;
/** 128 + the signal's number. */
const SIGNALS = { SIGINT: INTERRUPTED, SIGTERM: 143, SIGHUP: 129 } as const;

const out = (line: string) => void process.stdout.write(`${line}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);

/** Resolves when the process may end by itself; its exit code is set. */
export async function play(args: Arguments, server: Server, room: RoomCode): Promise<void> {
  const { stdin, stdout } = process;
  const { colour, dumb } = terminalConfig();
  const paint = colour && stdout.isTTY && !dumb ? coloured : plain;
  const onScreen = stdin.isTTY && stdout.isTTY && !dumb;
  const automatic = args.bot || (args.spectate && !onScreen);
  const joinCommand = `${commandName('play')} --room ${room}${args.whereabouts}`;
  if (args.room === undefined) out(`Room ${room}. Friends join with:  ${joinCommand}`);

  const transcript = args.transcript === undefined ? undefined : Transcript.open(args.transcript);
  const seats = args.spectate ? undefined : new SeatFile(args.data, room, wishOf(args, server));
  if (args.forget) seats?.forget();
  const story = new Story(paint, onScreen || automatic ? undefined : out);

  let ended = false;
  const end = (code: number) => {
    if (ended) return;
    ended = true;
    if (!table) process.exit(code);
    table.close();
    transcript?.close();
    seats?.release();
    process.exitCode = code;
    stdin.pause();
    stdin.unref?.();
    setTimeout(() => process.exit(code), LAST_WORDS_MS).unref();
  };
  let table: Table | undefined;
  for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => end(code));
  // The reader of a pipe may go first.
  stdout.on('error', () => end(1));

  table = await sitDown({
    ...args,
    server,
    room,
    seats,
    tell: complain,
    onFrame: (frame, before) => {
      story.frame(frame, before);
      if (frame.type !== 'event' || frame.seq !== (before.cursor?.seq ?? -1) + 1) return;
      transcript?.add(frame);
      if (automatic) for (const line of eventLines(frame)) out(line);
    },
  });
  table.subscribe((state) => story.connected(state.connection));
  if (automatic) {
    const { seat } = table.state;
    if (table.state.view) out(seat === null ? `Watching room ${room}.` : `Seat ${seat} of room ${room}.`);
    end(await runAutomatic(table, { ...args, play: !args.spectate, out, complain }));
    return;
  }
  if (args.fill) startWithBots(table, complain);
  const seating = { table, story, paint, joinCommand };
  const code = onScreen ? await runOnScreen(seating, stdin, stdout) : await runOnLines(seating, stdin, out);
  const { error, view } = table.state;
  if (error?.code === 'SEAT_LEFT') out(error.message);
  else if (error) complain(`${error.code}: ${error.message}`);
  const result = view && resultText(view);
  if (result) out(result);
  if (!error && seats) out(`Your seat is kept: ${joinCommand}`);
  end(code);
}

const wishOf = ({ name, seat }: Arguments, server: Server) => ({ host: new URL(server.http).hostname, name, seat });
