import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { findGame, games } from '../../src/game/games.js';

const BUILT = join(dirname(fileURLToPath(import.meta.url)), '../../src/game');

function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** The file and all it imports at run time, as paths under src/game, and the packages they import. */
function reach(file: string, found = new Set<string>()): ReadonlySet<string> {
  const path = relative(BUILT, file);
  if (found.has(path)) return found;
  found.add(path);
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.')) reach(join(dirname(file), specifier), found);
    else found.add(specifier);
  }
  return found;
}

describe('the table of games', () => {
  test('finds a game by its id and nothing else', () => {
    expect(findGame('hokm')?.id).toBe('hokm');
    for (const id of ['', 'Hokm', 'poker', 'constructor', '__proto__', 'toString'])
      expect(findGame(id)).toBeUndefined();
    for (const [id, game] of Object.entries(games)) expect(game.id).toBe(id);
  });

  test.each(Object.values(games))('$id has a lower-case id, a rules version, and options that default', (game) => {
    expect(game.id).toMatch(/^[a-z_]+$/);
    expect(game.rulesVersion).toBeGreaterThanOrEqual(1);
    const options = game.optionsSchema.parse({});
    expect(game.optionsSchema.parse(options)).toEqual(options);
    expect(game.turn(game.setup(options))).toEqual({ waitsFor: 'seed' });
  });
});

describe('purity', () => {
  const files = readdirSync(BUILT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));

  test('games import zod, each other and, for the shuffle alone, node:crypto', () => {
    expect(files).toContain('shuffle.js');
    for (const file of files) {
      const allowed = file === 'shuffle.js' ? ['node:crypto'] : ['zod'];
      const outside = importsOf(join(BUILT, file)).filter((specifier) => {
        return !specifier.startsWith('.') || relative(BUILT, join(BUILT, dirname(file), specifier)).startsWith('..');
      });
      expect({ file, outside: outside.filter((specifier) => !allowed.includes(specifier)) }).toEqual({
        file,
        outside: [],
      });
    }
  });

  test('games know neither clock nor chance', () => {
    for (const file of files) {
      expect(readFileSync(join(BUILT, file), 'utf8')).not.toMatch(/Math\.random|Date\b|performance\.|process\./);
    }
  });

  test.each(['hokm/view.js', 'hokm/bot.js'])('%s runs in a browser: it reaches no package at all', (file) => {
    const outside = [...reach(join(BUILT, file))].filter((path) => !path.endsWith('.js'));
    expect(outside).toEqual([]);
  });
});
