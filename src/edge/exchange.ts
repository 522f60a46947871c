/** An HTTP request and the way to answer it, whoever has brought it: Node's server, or the simulated network. */
import type { IncomingMessage } from 'node:http';

/** What is looked at of a request. */
export interface HttpRequest extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What is used of a response. */
export interface HttpResponse {
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  /** Bytes that the other side has not taken yet. */
  readonly writableLength: number;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): Pick<HttpResponse, 'end'>;
  flushHeaders(): void;
  write(text: string): unknown;
  end(body?: string | Buffer): unknown;
  destroy(): unknown;
}

export interface Incoming {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Another instance of this cluster has sent it here. */
  readonly wasForwarded: boolean;
  /** @throws CatalogueError FRAME_TOO_LARGE */
  readBody(): Promise<Buffer>;
  /** Calls `then` once, when whoever asked is gone or has the whole answer; false, without a call, when that is so already. */
  whenGone(then: () => void): boolean;
  /** Lets the instance at `address` answer. False when nobody answers there. */
  forward(body: Buffer, address: string): Promise<boolean>;
}
