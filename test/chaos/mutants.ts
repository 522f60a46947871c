/**
 * The software with one guard taken out, each with the campaign that must find it. A mutant is a copy of the package in
 * which a place or two of the sources are written over.
 */
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { packageRoot } from '../../src/runtime/package-root.js';

/** A place in the package that is written over. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  /** Its campaign takes a minute or more, or the simulation finds it as well: played by `npm run test:full` alone. */
  readonly slow?: true;
  /** The guard that is missing; none in a control, which only has the change that makes a crash hit. */
  readonly guard: string;
  readonly changes: readonly Change[];
  readonly fault: string;
  /** What the campaign must say. */
  readonly red: boolean;
  /** Without a compiler its fault cannot strike, and the campaign says nothing. */
  readonly needsCompiler?: boolean;
}

/** Widens the moment in which a crash must hit, from a millisecond to one that a few runs cannot miss. */
const A_MOMENT = 'await new Promise((go) => setTimeout(go, 60));';

const GATE = {
  file: 'src/room/mailbox.ts',
  from: `if (entries.length > 0) await this.gate.commit(entries);
        else await this.gate.verify();
        if (this.over) return;
        this.publish(done);`,
};
const COMMITTED = 'if (entries.length > 0) await this.gate.commit(entries); if (this.over) return;';
/** Committed, and for a moment not yet told: a crash then leaves commands that are done and not acknowledged. */
const lateAcks: Change = {
  ...GATE,
  to: `${COMMITTED} ${A_MOMENT} this.publish(done);`,
};
const earlyAcks: Change = {
  ...GATE,
  to: `this.publish(done); ${A_MOMENT} ${COMMITTED}`,
};
const forgetful: Change = {
  file: 'src/room/commands.ts',
  from: 'const outcome = window.outcomes[window.ids.indexOf(id)];',
  to: "return 'new'; const outcome = undefined;",
};
const COMMIT = 'src/redis/lua/commitRoom-2.lua';

export const mutants: readonly Mutant[] = [
  {
    guard: 'epoch check of a commit',
    changes: [
      {
        file: COMMIT,
        from: "if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'fenced', unpack(now)} end",
        to: '',
      },
    ],
    fault: 'usurp',
    red: true,
  },
  {
    guard: 'compare-and-set on seq and digest',
    changes: [
      {
        file: COMMIT,
        from: "if now[3] ~= ARGV[3] or now[4] ~= ARGV[4] then return {'gap', now[3], now[4]} end",
        to: '',
      },
      { file: COMMIT, from: 'local seq = tonumber(ARGV[3])', to: 'local seq = tonumber(now[3])' },
    ],
    fault: 'redis-pause',
    red: true,
    slow: true,
  },
  { guard: 'output gate', changes: [earlyAcks], fault: 'sigkill', red: true, slow: true },
  {
    guard: 'command ids',
    changes: [lateAcks, forgetful],
    fault: 'sigkill',
    red: true,
    slow: true,
  },
  { guard: 'command ids', changes: [forgetful], fault: 'client-resends', red: true },
  {
    guard: 'fsync before an answer of Redis',
    changes: [{ file: 'deploy/local/redis.ts', from: "'appendfsync always'", to: "'appendfsync everysec'" }],
    fault: 'slow-disk',
    red: true,
    slow: true,
    needsCompiler: true,
  },
  { guard: 'none, but acks are late', changes: [lateAcks], fault: 'sigkill', red: false },
];

const COPIED = [
  'package.json',
  'jest.config.mjs',
  'package-lock.json',
  'dist',
  'src',
  'haproxy',
  'autoscaler',
  'deploy',
  'test',
];

/** A copy of this package, whole and built, in `folder`. */
export async function copyPackage(folder: string): Promise<void> {
  const own = fileURLToPath(packageRoot);
  for (const name of [...COPIED, 'tsconfig.json']) {
    await cp(join(own, name), join(folder, name), { recursive: true, preserveTimestamps: true });
  }
  await symlink(join(own, 'node_modules'), join(folder, 'node_modules'));
}

/** Writes the place over; @throws when it is not there, or not once. */
export async function change(folder: string, { file, from, to }: Change): Promise<void> {
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not have, once: ${from}`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}

/** The same, and what was compiled from it is compiled again, alone. */
export async function changeCompiled(folder: string, one: Change): Promise<void> {
  await change(folder, one);
  if (!one.file.endsWith('.ts')) return;
  const source = await readFile(join(folder, one.file), 'utf8');
  const { code } = await transform(source, { loader: 'ts', target: 'es2023' });
  await writeFile(join(folder, 'dist', one.file.replace(/ts$/, 'js')), code);
}
