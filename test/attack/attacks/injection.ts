/** Names and words that are meant for other people's eyes, logs and prototypes. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ClientOut } from '../../../src/protocol/client-out.js';
import type { Seeded } from '../../chaos/seeded.js';
import { type Attack, each, type Scene } from '../attack.js';
import { logsOf } from '../healthy.js';
import { ask, newRoom } from '../http.js';
import { hello, Wire } from '../wire.js';

/** In whatever is sent, and so in whatever comes of it. */
const MARK = 'PWNED';
const NAME_LENGTH = 20;
const SAID_LENGTH = 120;
/** What nobody may be shown: control and formatting characters (but for the joiner that Persian needs), and piles. */
const HARMFUL = /(?!\u200c)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]|\p{M}{4}/u;

const PARTS: readonly string[] = [
  ...['\u202e', '\u2066', '\u2069', '\u200e', '\u200f', '\u061c', '\u0000', '\u0007', '\u001b[2J', '\u009b31m', '\r\n'],
  ...['\u2028', '\u200b', '\u200c', '\ufeff', '\u00ad', '\ue000', '\uffff', '\u0301'.repeat(30), '\ud800', '\u{e0041}'],
  ...['","level":60,"msg":"', '\n{"level":60,"msg":"root"}', '%0a%0d', '<script>', "' OR 1=1 --"],
  ...['__proto__', 'constructor', '\\u0000', '\\n', 'سارا', '𝕏', 'a', 'Sara'],
];

function words(random: Seeded): string {
  const count = random.between(1, 6);
  const parts = Array.from({ length: count }, () => PARTS[random.between(0, PARTS.length - 1)]);
  return `${MARK}${parts.join('')}`.slice(0, 190);
}

const POLLUTIONS: readonly string[] = [
  `{"__proto__":{"polluted":"${MARK}","public":true,"durability":"async"}}`,
  `{"constructor":{"prototype":{"polluted":"${MARK}"}}}`,
  `{"options":{"__proto__":{"target_points":1,"polluted":"${MARK}"}}}`,
  `{"options":{"constructor":{"prototype":{"target_points":1}}}}`,
];

/** Takes a seat under the name, speaks, leaves: what somebody at the table was shown of it. */
async function appear(scene: Scene, room: string, seen: () => string[]): Promise<void> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  wire.send(hello({ name: words(scene.random) }));
  wire.send({ type: 'say', text: words(scene.random) });
  const pollution = `{"type":"say","phrase":"hello","__proto__":{"text":"${MARK}"}}`;
  wire.send(pollution);
  wire.send({ type: 'command', id: '1-name', command: { type: 'leave' } });
  const end = await wire.end();
  if (end !== 4000) scene.broken(`a guest was closed with ${end}`);
  for (const text of seen()) if (HARMFUL.test(text)) scene.broken(`people are shown ${JSON.stringify(text)}`);
}

/** A host who notes every name and word that others bring. */
async function witness(scene: Scene, room: string): Promise<{ readonly wire: Wire; readonly seen: () => string[] }> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  let seen: string[] = [];
  wire.onFrame = (text) => {
    const frame = JSON.parse(text) as ClientOut;
    if (frame.type === 'said' && 'text' in frame) {
      if ([...frame.text].length > SAID_LENGTH) scene.broken(`${frame.text.length} characters were said`);
      seen.push(frame.text);
    }
    if (frame.type === 'event') {
      for (const { name } of frame.events as readonly { name?: string }[]) {
        if (name === undefined) continue;
        if ([...name].length > NAME_LENGTH) scene.broken(`a name has ${name.length} characters`);
        seen.push(name);
      }
    }
    return frame.type !== 'welcome';
  };
  wire.send(hello({ name: 'Witness' }));
  await wire.next('welcome');
  return {
    wire,
    seen: () => {
      const now = seen;
      seen = [];
      return now;
    },
  };
}

/** Every line of every instance's log is one object that the software wrote. */
async function readLogs(scene: Scene): Promise<number> {
  const folder = logsOf(scene.folder);
  let lines = 0;
  for (const name of readdirSync(folder).filter((file) => /instance|controller/.test(file))) {
    for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
      lines += 1;
      const parsed = parse(line);
      if (parsed === undefined) scene.broken(`${name} has the line ${JSON.stringify(line.slice(0, 200))}`);
      else if ('polluted' in parsed || parsed.msg === 'root') scene.broken(`${name} was told ${line.slice(0, 200)}`);
    }
  }
  return lines;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export const injection: Attack = {
  name: 'injection',
  what: 'prototype pollution, log injection, bidi and control characters in names',
  limits: 'default',
  full: 10_000,
  least: 40,
  unit: 'guests',
  async run(scene) {
    let shown = 0;
    const perRoom = Math.max(5, Math.ceil(scene.times / 4));
    await each(Math.ceil(scene.times / perRoom), 4, async (at) => {
      const room = await newRoom(scene);
      const { wire, seen } = await witness(scene, room);
      for (let guest = 0; guest < Math.min(perRoom, scene.times - at * perRoom); guest++) {
        await appear(scene, room, () => {
          const texts = seen();
          shown += texts.length;
          return texts;
        });
        scene.did(1);
      }
      wire.socket.terminate();
    });
    for (const body of POLLUTIONS) {
      const { status } = await ask(scene.door, '/api/rooms', { method: 'POST', body, from: scene.stranger() });
      if (status !== 400) scene.broken(`${body} was answered with ${status}`);
    }
    const lines = `/api/room?room_code=7KQ2M9XZ&x=${encodeURIComponent('\n{"level":60,"msg":"root"}')}`;
    await ask(scene.door, lines, { from: scene.stranger(), headers: { 'user-agent': `${MARK}","level":60,"x":"` } });
    // An object of its own on every instance: what it does not have came from a prototype.
    const clean = await newRoom(scene);
    const { body } = await ask(scene.door, `/api/room?room_code=${clean}`, { from: scene.stranger() });
    if (/polluted|PWNED/.test(body)) scene.broken(`a new room has ${body}`);
    return { shown, log_lines: await readLogs(scene) };
  },
};
