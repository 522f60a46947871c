/** One instance asks another directly, without Redis between them. */
import { get } from 'node:http';
import { parseHostPort } from '../runtime/address.js';

/**
 * What `GET /livez` at another instance gives. isolated: it lives, and has given up all its rooms. refused: no process
 * listens there. silent: no answer in time.
 */
export type Livez =
  | {
      readonly answer: 'alive';
      readonly id: string;
      /** How long Redis has confirmed its lease without a gap, ms; 0 when it does not now. */
      readonly redisForMs: number;
    }
  | { readonly answer: 'isolated' }
  | { readonly answer: 'refused' | 'silent' };

const TIMEOUT_MS = 300;

/** What the body of an answer says. */
export function livezOf(body: string): Livez {
  if (body.includes('"status":"isolated"')) return { answer: 'isolated' };
  const id = /"id":"([^"]+)"/.exec(body)?.[1] ?? '';
  // Of an older version this is not known.
  const redisForMs = Number(/"redis_for_ms":(\d+)/.exec(body)?.[1] ?? 0);
  return { answer: 'alive', id, redisForMs };
}

/** @param address as `formatHostPort` makes it; silent where it is none */
export function askLivez(address: string): Promise<Livez> {
  const place = parseHostPort(address);
  if (!place) return Promise.resolve({ answer: 'silent' });
  return new Promise((resolve) => {
    const request = get({ ...place, path: '/livez', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        clearTimeout(deadline);
        resolve(livezOf(body));
      });
    });
    // Settled here: an answer that breaks off after its head raises no error of the request.
    const deadline = setTimeout(() => {
      resolve({ answer: 'silent' });
      request.destroy();
    }, TIMEOUT_MS);
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      resolve({ answer: error.code === 'ECONNREFUSED' ? 'refused' : 'silent' });
    });
  });
}
