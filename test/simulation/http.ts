/** HTTP in a simulated cluster: requests to the very handlers of production, over the simulated network. */
import type { HttpResponse, Incoming } from '../../src/edge/exchange.js';
import type { Network, Place, Stream } from './network.js';
import type { Process } from './process.js';

export interface HttpAsk {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type HttpHeaders = Readonly<Record<string, string | number>>;

/** Who has asked: told what comes back, and at last that it is over. */
export interface HttpAsker {
  head(status: number, headers: HttpHeaders): void;
  data(text: string): void;
  /** All of the answer has come. */
  ended(): void;
  /** The connection has broken, or there never was one. */
  broken(): void;
}

/** Where a request arrives. */
export interface HttpHost {
  readonly process: Process;
  /** False when nobody listens. */
  answer(incoming: Incoming): boolean;
  /** Calls `end` when the instance at `address` is found not to answer any more. @returns what ends the watch */
  watch(address: string, end: () => void): () => void;
}

export interface HttpDeps {
  readonly network: Network;
  /** The instance at `host:port`. */
  readonly hostAt: (address: string) => HttpHost | undefined;
  readonly complain: (text: string) => void;
}

/** One instance waits for another as long as `src/edge/forward.ts` does, ms. */
const CONNECT_TIMEOUT_MS = 500;
const FORWARD_TIMEOUT_MS = 9_000;

export class Http {
  constructor(private readonly deps: HttpDeps) {}

  ask(from: Place, host: HttpHost, ask: HttpAsk, asker: HttpAsker, wasForwarded = false): HttpConnection {
    const { network, complain } = this.deps;
    const tell = (text: string) => complain(`${ask.method} ${ask.url} at ${host.process.name}: ${text}`);
    const connection = new HttpConnection(network, from, host, asker, tell);
    connection.send(host, ask, wasForwarded, (response, address) => this.forward(host, ask, response, address));
    return connection;
  }

  /** One instance lets another answer. */
  private forward(host: HttpHost, ask: HttpAsk, response: SimulatedResponse, address: string): Promise<boolean> {
    const { hostAt, network } = this.deps;
    const { process } = host;
    const target = hostAt(address);
    if (!target) return Promise.resolve(false);
    // Whoever has left is not there to end what would be opened for it.
    if (response.destroyed) return Promise.resolve(true);
    return new Promise((resolve) => {
      let answered = false;
      let givenUp = false;
      const settle = (ended: boolean) => {
        for (const timer of [connecting, answering]) timer.cancel();
        resolve(ended);
      };
      const giveUp = () => {
        givenUp = true;
        unwatch();
        connection.cancel();
        settle(answered);
      };
      const isCut = () => network.isCut(process.name, target.process.name);
      const connecting = process.after(CONNECT_TIMEOUT_MS, () => isCut() && giveUp());
      const answering = process.after(FORWARD_TIMEOUT_MS, giveUp);
      // What had come before it was given up, and was not read yet.
      const hears = (told: () => void) => process.run(() => givenUp || told());
      const asker: HttpAsker = {
        head: (status, headers) =>
          hears(() => {
            answered = true;
            response.writeHead(status, headers);
            settle(true);
          }),
        data: (text) => hears(() => response.write(text)),
        ended: () =>
          hears(() => {
            unwatch();
            response.end();
          }),
        broken: () =>
          hears(() => {
            unwatch();
            if (answered) response.destroy();
            settle(answered);
          }),
      };
      const connection = this.ask(process.name, target, ask, asker, true);
      const unwatch = host.watch(address, () => {
        if (answered) response.destroy();
        giveUp();
      });
      response.whenGone(() => {
        unwatch();
        connection.cancel();
      });
      process.whenDead(() => connection.cancel());
    });
  }
}

type Forward = (response: SimulatedResponse, address: string) => Promise<boolean>;

/** The asker's end of a connection with one request on it. */
export class HttpConnection {
  private readonly up: Stream;
  private readonly down: Stream;
  private readonly response: SimulatedResponse;
  private over = false;
  /** What has come while the asker does not read. */
  private unread: (() => void)[] | undefined;

  constructor(
    network: Network,
    from: Place,
    { process }: HttpHost,
    readonly asker: HttpAsker,
    complain: (text: string) => void,
  ) {
    this.up = network.stream(from, process.name);
    this.down = network.stream(process.name, from);
    this.response = new SimulatedResponse(process, this, complain);
    process.whenDead(() => this.comes(() => asker.broken(), true));
  }

  send(
    host: HttpHost,
    { method, url, headers = {}, body = '' }: HttpAsk,
    wasForwarded: boolean,
    forward: Forward,
  ): void {
    const { response } = this;
    const refuse = () => this.comes(() => this.asker.broken(), true);
    this.up.send(() => {
      if (host.process.dead) return refuse();
      host.process.run(() => {
        const taken = host.answer({
          request: { method, url, headers: { host: 'simulated', ...headers }, socket: { remoteAddress: '127.0.0.1' } },
          response,
          wasForwarded,
          readBody: () => Promise.resolve(Buffer.from(body)),
          whenGone: (then) => response.whenGone(then),
          forward: (_, address) => forward(response, address),
        });
        if (!taken) refuse();
      });
    });
  }

  /** The asker does not want the answer any more. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.up.send(() => this.response.left());
  }

  /** Reads no further; what comes waits at the other side, which knows how much that is. */
  stall(): void {
    this.unread ??= [];
  }

  get stalled(): boolean {
    return this.unread !== undefined;
  }

  /** Something comes by the connection; `last` ends it. */
  comes(told: () => void, last = false): void {
    this.down.send(() => {
      if (this.over) return;
      if (this.unread && !last) return void this.unread.push(told);
      if (last) this.over = true;
      told();
    });
  }
}

/** The instance's end. */
export class SimulatedResponse implements HttpResponse {
  destroyed = false;
  headersSent = false;
  private ended = false;
  private waiting = 0;
  private readonly headers: Record<string, string> = {};
  private listeners: (() => void)[] = [];

  constructor(
    private readonly process: Process,
    private readonly connection: HttpConnection,
    private readonly complain: (text: string) => void,
  ) {}

  get writableLength(): number {
    return this.waiting;
  }

  setHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  writeHead(status: number, headers: HttpHeaders = {}): this {
    if (this.headersSent) this.complain('the head was written twice');
    this.headersSent = true;
    const all = { ...this.headers, ...headers };
    this.connection.comes(() => this.connection.asker.head(status, all));
    return this;
  }

  flushHeaders(): void {}

  write(text: string): boolean {
    if (this.destroyed) return false;
    // With Node that is an error, which ends the process where nobody listens to it.
    if (this.ended) this.complain('written to after its end');
    if (this.connection.stalled) this.waiting += text.length;
    this.connection.comes(() => this.connection.asker.data(text));
    return true;
  }

  end(body?: string | Buffer): void {
    if (this.ended || this.destroyed) return;
    if (body !== undefined && body.length > 0) this.write(String(body));
    this.ended = true;
    // What is not read keeps its end from leaving.
    if (this.connection.stalled) return;
    this.connection.comes(() => this.connection.asker.ended(), true);
    this.process.after(0, () => this.close());
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.connection.comes(() => this.connection.asker.broken(), true);
    this.process.after(0, () => this.close());
  }

  whenGone(then: () => void): boolean {
    if (this.destroyed) return false;
    this.listeners.push(then);
    return true;
  }

  /** The asker has closed the connection. */
  left(): void {
    this.process.run(() => this.close());
  }

  private close(): void {
    this.destroyed = true;
    const { listeners } = this;
    this.listeners = [];
    for (const tell of listeners) tell();
  }
}

/** The whole of an answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

/** Gathers an answer; undefined when the connection broke before its end. */
export function gather(then: (answer: HttpAnswer | undefined) => void): HttpAsker {
  let [status, body] = [0, ''];
  let headers: HttpHeaders = {};
  return {
    head: (given, all) => {
      [status, headers] = [given, all];
    },
    data: (text) => {
      body += text;
    },
    ended: () => then({ status, headers, body }),
    broken: () => then(undefined),
  };
}
