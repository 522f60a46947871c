/**
 * `backend game` as a configuration file with all its servers: what a worker begins with that a reload or a crash brings.
 *
 * INVARIANT: HAProxy can always read it. It is replaced as a whole, and no two servers in it have one name or one id.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { formatHostPort } from '../src/runtime/address.js';
import { packageRoot } from '../src/runtime/package-root.js';
import type { Target } from './belief.js';
import { CHECK } from './runtime-api.js';

/** A server with an address that needs no resolver. */
export type FileServer = Target & { readonly address: string };

export class BackendFile {
  private readonly template = readFileSync(new URL('haproxy/game.cfg', packageRoot), 'utf8');
  private written: string | undefined;

  constructor(private readonly path: string) {}

  /** @throws Error when the file cannot be written. */
  write(servers: readonly FileServer[]): void {
    const text = render(this.template, servers);
    if (text === this.written) return;
    const fresh = `${this.path}.new`;
    writeFileSync(fresh, text, { mode: 0o600 });
    renameSync(fresh, this.path);
    this.written = text;
  }
}

export function render(template: string, servers: readonly FileServer[]): string {
  const [names, numbers] = [new Set<string>(), new Set<number>()];
  const lines: string[] = [];
  for (const { name, number, address, port, weight, state } of servers.toSorted((a, b) => a.number - b.number)) {
    if (names.has(name) || numbers.has(number)) continue;
    names.add(name);
    numbers.add(number);
    const place = formatHostPort({ host: address, port });
    // A file knows no draining; without weight a server gets the players that are pinned to it, and no others.
    lines.push(`  server ${name} ${place} id ${number} weight ${state === 'drain' ? 0 : weight} ${CHECK}\n`);
  }
  return `${template}\n${lines.join('')}`;
}
