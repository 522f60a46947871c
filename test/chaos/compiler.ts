/** Small C libraries that are compiled when they are needed, to be loaded into programs that we did not write. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const COMPILER = 'cc';

/** Why there can be no such library here; undefined when there can. */
export function whyNoCompiler(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  const tried = spawnSync(COMPILER, ['--version'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `needs a C compiler called ${COMPILER}`;
}

/** Compiles `source` to a library in `folder`; returns its path, for LD_PRELOAD. @throws Error with what the compiler said */
export function compileLibrary(folder: string, name: string, source: string): string {
  const [text, library] = [join(folder, `${name}.c`), join(folder, `${name}.so`)];
  writeFileSync(text, source);
  execFileSync(COMPILER, ['-O2', '-fPIC', '-shared', '-o', library, text, '-ldl'], { stdio: 'pipe' });
  return library;
}
