/**
 * The table's web page: files that the build has made, read once at start. Names of assets carry a hash of their
 * content, so browsers keep them for good; the page itself is asked for again every time, by its ETag.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { HttpRequest, HttpResponse } from './exchange.js';

interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}
type Route = Readonly<Record<'GET' | 'HEAD', (exchange: Exchange) => void>>;

/** By path. */
export type PageRoutes = Readonly<Record<string, Route>>;

interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  /** The content by its encoding, the smallest first; '' is the plain one. */
  readonly bodies: readonly { readonly encoding: string; readonly bytes: Buffer }[];
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
};

/** Nothing but the page's own files and its own server; no script or style in the markup, no HTML from text. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const SECURITY: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

const PAGE_SECURITY: Readonly<Record<string, string>> = {
  ...SECURITY,
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

/** A route for every file below `folder`; none when the page is not built. */
export function pageRoutes(folder: URL): PageRoutes {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const known = names.filter((name) => TYPES[extension(name)] !== undefined);
  return Object.fromEntries(known.map((name) => [pathOf(name), routeOf(read(folder, name, names))]));
}

const extension = (name: string): string => /\.([a-z]+)$/.exec(name)?.[1] ?? '';

function pathOf(name: string): string {
  if (name === 'index.html') return '/';
  // Browsers ask for it by this name; it is an SVG all the same.
  return name === 'favicon.svg' ? '/favicon.ico' : `/${name}`;
}

function read(folder: URL, name: string, names: readonly string[]): PageFile {
  const content = (encoding: string, suffix: string) =>
    names.includes(`${name}${suffix}`) ? [{ encoding, bytes: readFileSync(new URL(`${name}${suffix}`, folder)) }] : [];
  const [plain] = content('', '');
  const isAsset = name.startsWith('assets/');
  return {
    headers: {
      'content-type': TYPES[extension(name)] ?? '',
      'cache-control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(name.endsWith('.html') ? PAGE_SECURITY : SECURITY),
    },
    etag: `"${createHash('sha256')
      .update(plain?.bytes ?? '')
      .digest('base64url')
      .slice(0, 22)}"`,
    bodies: [...content('br', '.br'), ...content('gzip', '.gz'), ...(plain ? [plain] : [])],
  };
}

function routeOf(file: PageFile): Route {
  const answer = ({ request, response }: Exchange, withBody: boolean): void => {
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const accepts = (encoding: string) => encoding === '' || new RegExp(`\\b${encoding}\\b(?!;q=0)`).test(accepted);
    const body = file.bodies.find(({ encoding }) => accepts(encoding));
    const headers: Record<string, string> = { ...file.headers, etag: file.etag, vary: 'accept-encoding' };
    if (request.headers['if-none-match']?.includes(file.etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    if (body?.encoding) headers['content-encoding'] = body.encoding;
    response.writeHead(200, { ...headers, 'content-length': body?.bytes.length ?? 0 });
    response.end(withBody ? body?.bytes : undefined);
  };
  return { GET: (exchange) => answer(exchange, true), HEAD: (exchange) => answer(exchange, false) };
}
