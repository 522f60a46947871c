/**
 * Who may see the pages that an instance has for operators: they name rooms, and a room's code lets anybody in.
 *
 * A browser on this host can be made to ask for them, by a page whose name is suddenly one of ours (DNS rebinding): it has
 * no token, and its Host header names that page.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { CatalogueError } from '../errors.js';
import { hostOf, isAddress, type Networks } from '../runtime/address.js';
import type { HttpRequest } from './exchange.js';

export interface OperatorsDeps {
  /** Bearer token; undefined: nobody has one. */
  readonly token: string | undefined;
  /** Whence no token is needed. */
  readonly networks: Pick<Networks, 'has'>;
  /** Names under which this instance is asked, beside its addresses and localhost. */
  readonly names: readonly string[];
}

export class Operators {
  private readonly names: ReadonlySet<string>;

  constructor(private readonly deps: OperatorsDeps) {
    this.names = new Set(['localhost', ...deps.names.map((name) => name.toLowerCase())]);
  }

  /** @throws CatalogueError UNAUTHORIZED */
  admit({ headers, socket }: Pick<HttpRequest, 'headers' | 'socket'>): void {
    const { token, networks } = this.deps;
    const host = hostOf(headers.host ?? '');
    // An address cannot be rebound.
    if (host === undefined || !(isAddress(host) || this.names.has(host.toLowerCase())))
      throw new CatalogueError('UNAUTHORIZED', 'This instance is not asked under this name; see HOKM_OPS_HOSTS.');
    if (networks.has(socket.remoteAddress ?? '')) return;
    if (token === undefined || !isSame(headers.authorization ?? '', `Bearer ${token}`))
      throw new CatalogueError('UNAUTHORIZED');
  }
}

/** In a time that tells nothing of either. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
