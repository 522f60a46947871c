/**
 * Hosts and ports: the one place where the two become one text, and are read from one again. An IPv6 address has colons of
 * its own: whoever glues it to a port, or cuts a text at a colon, makes an address that is nobody's.
 *
 * A host is kept bare and in one spelling (`::1`); it gets its brackets where a port or a path follows (`[::1]:6379`).
 */
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Where a process listens, or is reached. */
export interface HostPort {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A DNS name: labels of letters, digits, hyphens; underscores, too, as Docker and Kubernetes make them. */
const NAME =
  /^(?=.{1,253}$)(?!\d+(\.\d+){0,3}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const PORT = /^\d{1,5}$/;
const LARGEST_PORT = 65_535;

/**
 * A host as it is kept, from either spelling of an IPv6 address (`::1`, `[0:0:0:0:0:0:0:1]`). Undefined for what is no host
 * that others can reach as well; an address with a zone (`fe80::1%eth0`) means something on this machine alone.
 */
export function parseHost(text: string): string | undefined {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  if (bracketed !== undefined) return isIPv6(bracketed) ? parseHost(bracketed) : undefined;
  if (isIPv6(text)) return text.includes('%') ? undefined : canonical(text);
  return isIPv4(text) || NAME.test(text) ? text : undefined;
}

/** `host:port`, with brackets about an IPv6 address in either spelling. */
export function parseHostPort(text: string): HostPort | undefined {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return undefined;
  const [before, after] = [text.slice(0, colon), text.slice(colon + 1)];
  // Without brackets nobody knows where the address ends and the port begins.
  const host = before.includes(':') && !before.startsWith('[') ? undefined : parseHost(before);
  const port = Number(after);
  return host !== undefined && PORT.test(after) && port <= LARGEST_PORT ? { host, port } : undefined;
}

/** `host:port`, or `[host]:port` for an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${urlHost(host)}:${port}`;
}

/** The host as it stands in a URL. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** The host that a URL or a Host header names, bare; undefined for none. */
export function hostOf(authority: string): string | undefined {
  return parseHost(authority) ?? parseHostPort(authority)?.host;
}

/** Whether it means all addresses of a machine: good to listen on, never to reach. */
export function isWildcard(host: string): boolean {
  const known = parseHost(host);
  return known === '0.0.0.0' || known === '::' || known === '::ffff:0.0.0.0' || host === '*';
}

/** An address that means all of them as the loopback address of its family; any other as it is. */
export function reachable(host: string): string {
  if (!isWildcard(host)) return host;
  return parseHost(host) === '::' ? '::1' : '127.0.0.1';
}

/** Whether it is an address, not a name. */
export const isAddress = (host: string): boolean => isIP(host) !== 0;

/** The spelling that the system and HAProxy print. */
function canonical(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Networks (`10.0.0.0/8`, `2001:db8::/32`) and single addresses. */
export class Networks {
  private readonly list = new BlockList();

  /** @throws RangeError for a text that is neither */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const [, before = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
      const address = parseHost(before);
      if (address === undefined || !isAddress(address)) throw new RangeError(`${text} is no address and no network`);
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.list.addAddress(address, family);
      else this.list.addSubnet(address, Number(bits), family);
    }
  }

  /** @param address also of an IPv4 client at a socket for both, `::ffff:10.0.0.1` */
  has(address: string): boolean {
    const bare = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return isAddress(bare) && this.list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
  }
}
