/** One instance asks another directly, without Redis between them. */
import { get } from 'node:http';

/**
 * What `GET /livez` at another instance gives. isolated: it lives, and has given up all its rooms. refused: no process
 * listens there. silent: no answer in time.
 */
export type Livez =
  | { readonly answer: 'alive'; readonly id: string; readonly redis: 'ok' | 'away' }
  | { readonly answer: 'isolated' }
  | { readonly answer: 'refused' | 'silent' };

const TIMEOUT_MS = 300;

/** @param address `host:port` */
export function askLivez(address: string): Promise<Livez> {
  return new Promise((resolve) => {
    const request = get(`http://${address}/livez`, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        clearTimeout(deadline);
        if (body.includes('"status":"isolated"')) return resolve({ answer: 'isolated' });
        const id = /"id":"([^"]+)"/.exec(body)?.[1] ?? '';
        resolve({ answer: 'alive', id, redis: body.includes('"redis":"ok"') ? 'ok' : 'away' });
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
