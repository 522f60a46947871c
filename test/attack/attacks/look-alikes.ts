/** Names that look like somebody else's at the table, and names of which nothing is seen. */
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { hello, Wire } from '../wire.js';

const TABLES = 8;
const PER_TABLE = 3;
const UNSEEN = ['\u200b', '\u200d', '\u034f', '\u3164', '\u2800', '\ufe0f', '\u00ad', '\u115f', '\uffa0', '\u{e0020}'];
/** Each spelt by signs of one look. */
const NAMES: readonly (readonly (readonly string[])[])[] = [
  [
    ['S', 'Ѕ', 'Ｓ', '𝐒', 'Ꮪ'],
    ['a', 'а', 'ａ', '𝐚'],
    ['r', 'r', 'ｒ'],
    ['a', 'а', 'ɑ'],
  ],
  [['ع'], ['ل', 'ﻝ'], ['ي', 'ی', 'ى']],
  [['ك', 'ک', 'ﮎ'], ['ا', 'ﺍ'], ['و'], ['ه', 'ە']],
  [
    ['O', '0', 'О', 'Ο'],
    ['l', '1', 'I', 'І'],
    ['a', 'а'],
    ['f', 'ｆ'],
  ],
];
/** With a number, and what the spelling cannot change. */
const NUMBERED = / \([2-9]\)$/u;

function spelt(scene: Scene, name: (typeof NAMES)[number]): string {
  const { random } = scene;
  const one = <T>(of: readonly T[]): T => of[random.between(0, of.length - 1)] as T;
  return name.map((signs) => `${one(signs)}${random.between(0, 2) === 0 ? one(UNSEEN) : ''}`).join('');
}

async function sit(scene: Scene, code: string, name: string): Promise<{ wire: Wire; shown: string | undefined }> {
  const wire = await Wire.open(scene.door, code, { from: scene.stranger() });
  wire.send(hello({ name }));
  const [answer] = await wire.take(1);
  const seat = answer?.type === 'welcome' ? answer.seat : null;
  const shown = answer?.type === 'welcome' && seat !== null ? answer.view?.seats[seat]?.name : undefined;
  return { wire, shown };
}

export const lookAlikes: Attack = {
  name: 'look-alikes',
  what: 'names that look like others, or like nothing',
  limits: 'lifted',
  full: 6_000,
  least: 30,
  unit: 'names',
  async run(scene) {
    let blank = 0;
    await each(Math.ceil(scene.times / PER_TABLE), TABLES, async (number) => {
      const code = await newRoom(scene);
      const name = NAMES[number % NAMES.length] ?? [];
      const wires: Wire[] = [];
      const seen = new Set<string>();
      for (let at = 0; at < PER_TABLE; at++) {
        const { wire, shown } = await sit(scene, code, spelt(scene, name));
        wires.push(wire);
        const number = NUMBERED.exec(shown ?? '')?.[0] ?? '';
        if (shown === undefined) scene.broken(`a name of ${name.length} signs was refused`);
        else if (seen.has(number)) scene.broken(`two look the same at ${code}: ${JSON.stringify(shown)}`);
        seen.add(number);
      }
      const nothing = Array.from({ length: 1 + (number % 4) }, (_, at) => UNSEEN[(number + at) % UNSEEN.length]).join(
        '',
      );
      const { wire, shown } = await sit(scene, code, nothing);
      if (shown !== undefined) scene.broken(`a name of nothing was taken: ${JSON.stringify(shown)}`);
      else blank += 1;
      for (const one of [...wires, wire]) one.socket.terminate();
      scene.did(PER_TABLE);
    });
    return { blank_names_refused: blank };
  },
};
