/** Who sits at the tables of a simulated cluster. */
import type { Seat } from '../../src/game/game.js';
import { tokenOf } from '../../src/protocol/ids.js';
import { LibraryPlayer } from './library-player.js';
import { Player } from './player.js';
import { WebAccess } from './web-access.js';
import type { PlayedRoom, World } from './world.js';

const SEATS = [0, 1, 2, 3] as Seat[];

/** Lets four players come to the table. */
const CONNECT_MS = 1_500;
/** As the client library. */
const WELCOME_MS = 5_000;
/** Of a first join to Redis: look, index, claim, commit, copies. */
const ROUND_TRIPS = 8;

export function seatPlayers(world: World, room: PlayedRoom): void {
  const { timeline, random, plan, ways, coverage } = world;
  const { code } = room.head;
  const acked = { highest: 0 };
  const complain = (text: string) => world.complain(code, text);
  for (const seat of SEATS) {
    const device = `device ${code} ${seat}`;
    const web = new WebAccess({
      timeline,
      code,
      seat,
      ask: (ask, asker, known) => ways.ask(device, ask, asker, known ? code : undefined),
      overheard: (text) => world.overheard(code, text),
      complain,
      count: (name) => coverage.count('http', name),
    });
    const shared = {
      timeline,
      random,
      seat,
      history: room.history.client(seat),
      clientId: `client-${code}${seat}`,
      thinkMs: plan.thinkMs,
      connectMs: CONNECT_MS + ROUND_TRIPS * 2 * plan.redisAwayMs,
      welcomeMs: WELCOME_MS + ROUND_TRIPS * 2 * plan.redisAwayMs,
      mischief: plan.mischief,
      dial: () => ways.dial(code, device),
      web,
      acked,
      complain,
    };
    const usesLibrary = random.next() < plan.library;
    coverage.count('player', usesLibrary ? 'client library' : 'protocol');
    room.players.push(
      usesLibrary
        ? new LibraryPlayer({ ...shared, code })
        : new Player({
            ...shared,
            // As it is, or as older clients propose it.
            token: random.next() < 0.5 ? tokenOf(code, world.hex(24)) : world.hex(28),
            followsMoves: random.next() < 0.5,
            overHttp: plan.overHttp,
          }),
    );
  }
}
