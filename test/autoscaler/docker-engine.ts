/** What the docker driver asks of a Docker engine, answered over a Unix socket as the Engine API documents it, without containers. */
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '../support/programs.js';

export interface Made {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  state: 'created' | 'running' | 'exited';
  readonly address: string;
}

type Answer = readonly [status: number, body?: unknown];

export interface TestEngine {
  readonly socket: string;
  /** What was created, with what the engine was told; those that have ended are removed where AutoRemove says so. */
  readonly containers: Map<string, Made>;
  /** Requests that changed something, as `POST /containers/NAME/kill?signal=SIGTERM`. */
  readonly orders: string[];
  /** What every start is answered from now on. */
  failStarts: string | undefined;
  /** What every order to end is answered from now on: the container has ended since it was listed. */
  endedMeanwhile: 404 | 409 | undefined;
  close(): void;
  end(): Promise<void>;
}

export const PROJECT_LABELS = {
  'com.docker.compose.project': 'hokm',
  'com.docker.compose.service': 'game',
  'com.docker.compose.container-number': '1',
};

/** What inspecting a container of the service gives. */
export const INSPECTED = {
  Image: 'sha256:0123',
  Config: {
    Hostname: '4e1c0ffee123',
    Image: 'hokm',
    Env: ['HOKM_CLUSTER_SECRET_FILE=/run/secrets/cluster_secret'],
    Cmd: ['game'],
    Labels: PROJECT_LABELS,
  },
  HostConfig: {
    NetworkMode: 'hokm_inner',
    ReadonlyRootfs: true,
    Binds: ['/srv/secrets/cluster_secret:/run/secrets/cluster_secret:ro'],
    RestartPolicy: { Name: 'unless-stopped' },
    PortBindings: { '7000/tcp': [{ HostPort: '7000' }] },
  },
  NetworkSettings: { Networks: { hokm_inner: { IPAddress: '172.30.77.129' } } },
};

/** @param models containers of the service that `docker compose` made, by name; they have ended */
export async function startEngine(models: readonly string[] = ['hokm-game-1']): Promise<TestEngine> {
  const folder = await temporaryFolder();
  const containers = new Map<string, Made>();
  let addresses = 128;
  const add = (name: string, body: Readonly<Record<string, unknown>>, state: Made['state']) =>
    containers.set(name, { name, body, state, address: `172.30.77.${++addresses}` });
  for (const name of models) add(name, { Labels: PROJECT_LABELS }, 'exited');

  const summary = ({ name, body, state, address }: Made) => ({
    Id: name,
    Names: [`/${name}`],
    State: state,
    Created: 1,
    Labels: body.Labels,
    NetworkSettings: { Networks: { hokm_inner: { IPAddress: address } } },
  });
  const answer = (method: string, url: URL, body: Record<string, unknown>): Answer => {
    const [, which, action = ''] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    const known = containers.get(which ?? '');
    if (which === 'json') {
      const { label } = JSON.parse(url.searchParams.get('filters') ?? '{}') as { label: string[] };
      const fits = ({ body: { Labels } }: Made) =>
        label.every((text) => Object.entries(Labels as object).some(([key, value]) => `${key}=${value}` === text));
      return [200, [...containers.values()].filter(fits).map(summary)];
    }
    if (which === 'create') {
      const name = url.searchParams.get('name') ?? '';
      if (containers.has(name)) return [409, { message: `Conflict. The name "/${name}" is already in use.` }];
      // The library sends its own options along.
      add(name, body, 'created');
      return [201, { Id: name }];
    }
    if (!known) return [404, { message: `No such container: ${which}` }];
    switch (`${method} ${action}`) {
      case 'GET json':
        return [200, INSPECTED];
      case 'POST start':
        if (engine.failStarts !== undefined) return [500, { message: engine.failStarts }];
        if (known.state === 'running') return [304];
        known.state = 'running';
        return [204];
      case 'POST kill':
        if (engine.endedMeanwhile) return [engine.endedMeanwhile, { message: `Container ${which} has ended` }];
        if (known.state !== 'running') return [409, { message: `Container ${which} is not running` }];
        if ((known.body.HostConfig as { AutoRemove?: boolean } | undefined)?.AutoRemove) containers.delete(known.name);
        else known.state = 'exited';
        return [204];
      case 'DELETE ':
        containers.delete(known.name);
        return [204];
      default:
        return [404, { message: 'page not found' }];
    }
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://docker');
    const [status, body] = answer(request.method ?? '', url, await bodyOf(request));
    if (request.method !== 'GET') engine.orders.push(`${request.method} ${url.pathname}${url.search}`);
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(body === undefined ? '' : JSON.stringify(body));
  });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const socket = join(folder.path, 'docker.sock');
  const engine: TestEngine = {
    socket,
    containers,
    orders: [],
    failStarts: undefined,
    endedMeanwhile: undefined,
    close,
    end: async () => {
      close();
      await folder.remove();
    },
  };
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return engine;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const part of request) text += part;
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
