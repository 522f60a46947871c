/** Commands over HTTP, far more than a seat may give, from many addresses: they count where sockets' messages count. */
import { percentile } from '../../chaos/report.js';
import { type Attack, each, type Scene } from '../attack.js';
import { ask, pipelined } from '../http.js';
import { AttackedTable, type Sitting } from '../seat.js';

/** As instances have it by default: so many a second, and twice as many at a time. */
const RATE = 10;
const BURST = 20;
/** For those that are on their way when time is taken. */
const SPARE = 5;
const PER_CONNECTION = 200;
const PARALLEL = 6;
/** Of the four at the table, one gives commands as a player does. */
const HONEST = 3;
const HONEST_EVERY_MS = 500;

/** The first is taken whenever it is given; the rules forbid the other. */
const COMMANDS = [
  { type: 'swap_seats', seat: null },
  { type: 'play', card: 'AS' },
] as const;

function order(code: string, one: Sitting): string {
  const id = one.nextId();
  const body = JSON.stringify({ id, command: COMMANDS[Number.parseInt(id, 10) % COMMANDS.length] });
  const head = [
    `POST /api/room/commands?room_code=${code} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${one.token}`,
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Gives commands by its socket, one after the other, until it is stopped. */
class HonestPlayer {
  /** How long each took, ms. */
  private readonly took: number[] = [];
  private readonly timer = setInterval(() => this.give(), HONEST_EVERY_MS);
  private giving: Promise<void> | undefined;

  constructor(
    private readonly one: Sitting,
    private readonly broken: (text: string) => void,
  ) {
    this.give();
  }

  async stop(): Promise<readonly number[]> {
    clearInterval(this.timer);
    await this.giving;
    return this.took;
  }

  private give(): void {
    this.giving ??= this.once()
      .catch((error: Error) => this.broken(`a player at the table: ${error.message}`))
      .finally(() => {
        this.giving = undefined;
      });
  }

  private async once(): Promise<void> {
    const { wire } = this.one;
    const began = performance.now();
    wire.send({ type: 'command', id: this.one.nextId(), command: COMMANDS[0] });
    const [answer] = await wire.take(1);
    if (answer?.type !== 'ack') this.broken(`a player's command was answered with ${JSON.stringify(answer)}`);
    this.took.push(performance.now() - began);
  }
}

/** So many at once that some are refused, however many of the bucket's are left. */
async function refusalsOf(scene: Scene, code: string, one: Sitting): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: 3 * BURST }, () =>
      ask(scene.door, `/api/room/commands?room_code=${code}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${one.token}` },
        body: JSON.stringify({ id: one.nextId(), command: COMMANDS[0] }),
        from: scene.stranger(),
      }),
    ),
  );
  const refused = answers.filter(({ status }) => status === 429);
  if (refused.length === 0) scene.broken(`none of ${answers.length} commands was refused`);
  const odd = refused.find(({ retryAfter }) => !(Number(retryAfter) >= 1));
  if (odd) scene.broken(`429 says Retry-After: ${odd.retryAfter}`);
}

export const commands: Attack = {
  name: 'commands',
  what: 'commands over HTTP, from many addresses for one seat',
  limits: 'default',
  full: 100_000,
  least: 1_200,
  unit: 'commands',
  async run(scene) {
    const table = await AttackedTable.open(scene, {});
    const honest = table.sitting[HONEST];
    const attackers = table.sitting.filter((one) => one !== honest);
    if (!honest) throw new Error('nobody sits');
    const counts = new Map<number, number>();
    const since = performance.now();
    const player = new HonestPlayer(honest, scene.broken);
    await each(Math.ceil(scene.times / PER_CONNECTION), PARALLEL, async (at) => {
      const one = attackers[at % attackers.length] as Sitting;
      const count = Math.min(PER_CONNECTION, scene.times - at * PER_CONNECTION);
      const orders = Array.from({ length: count }, () => order(table.code, one));
      for (const [status, times] of await pipelined(scene.door, scene.stranger(), orders)) {
        counts.set(status, (counts.get(status) ?? 0) + times);
      }
      scene.did(count);
    }).finally(() => player.stop());
    const seconds = (performance.now() - since) / 1_000;
    const honestly = await player.stop();
    await refusalsOf(scene, table.code, attackers[0] as Sitting);
    table.close();
    const throttled = counts.get(429) ?? 0;
    const ran = [...counts.values()].reduce((sum, count) => sum + count, 0) - throttled;
    const most = Math.ceil(attackers.length * (BURST + RATE * seconds + SPARE));
    if (ran > most) scene.broken(`${ran} commands were run in ${seconds.toFixed(1)} s, more than ${most}`);
    const odd = [...counts.keys()].filter((status) => ![200, 409, 429].includes(status));
    if (odd.length > 0) scene.broken(`commands were answered with ${odd}`);
    const slowest = Math.round(percentile(honestly, 99));
    if (slowest > scene.stopMs) scene.broken(`a player at the table waited ${slowest} ms (p99)`);
    return {
      commands_a_second: Math.round(scene.times / seconds),
      ...{ ran, throttled, player_ms_p50: Math.round(percentile(honestly, 50)), player_ms_p99: slowest },
    };
  },
};
