/** The players' doors: HAProxies, each with a controller of its own. Players come in through any of them. */
import { formatHostPort, reachable } from '../../src/runtime/address.js';
import type { ControlChild } from './control-protocol.js';
import { type HaproxyPorts, type Ready as HaproxyReady, haproxyProgram, OPS_HOST } from './haproxy.js';
import { controllerProgram, type PlainReady } from './node-programs.js';
import type { HaproxyFacts } from './report.js';
import type { Secrets } from './secrets.js';
import { Supervised, type Surroundings } from './supervised.js';

export interface DoorsPlan {
  readonly doors: readonly HaproxyPorts[];
  readonly host: string;
  /** PEM file; undefined: players speak plain text. */
  readonly certificate: string | undefined;
  /** The programs' files. */
  readonly haproxyConfig: string;
  readonly haproxyBackend: string;
  readonly controller: string;
  readonly secrets: Secrets;
  /** What HAProxy inherits; the controllers get `controllerEnvironment`. */
  readonly environment: NodeJS.ProcessEnv;
  readonly controllerEnvironment: NodeJS.ProcessEnv;
  readonly folder: string;
  /** The admin socket of an HAProxy, by position from 1. */
  readonly socketOf: (position: number) => string;
  /** That of its master. */
  readonly masterOf: (position: number) => string;
  /** Where its servers are written down. */
  readonly backendOf: (position: number) => string;
}

interface Door {
  readonly ports: HaproxyPorts;
  readonly socket: string;
  readonly haproxy: Supervised<HaproxyReady>;
  readonly controller: Supervised<PlainReady>;
}

export class Doors {
  private readonly doors: readonly Door[];

  constructor(
    private readonly plan: DoorsPlan,
    around: Surroundings,
  ) {
    this.doors = plan.doors.map((ports, at) => {
      const position = at + 1;
      const socket = plan.socketOf(position);
      const otherPeerPort = plan.doors.find((other) => other !== ports)?.peerPort;
      const { host, certificate, secrets, environment, folder, haproxyConfig: configFile } = plan;
      const [backendFile, masterSocket] = [plan.backendOf(position), plan.masterOf(position)];
      const own = { ...ports, position, socket, otherPeerPort, masterSocket };
      const haproxy = haproxyProgram(
        {
          ...own,
          configFile,
          backendFile,
          backendTemplate: plan.haproxyBackend,
          host,
          certificate,
          secrets,
          environment,
          folder,
        },
        around.clock,
      );
      const controllerEnvironment = {
        ...plan.controllerEnvironment,
        HAPROXY_SOCKET: socket,
        HAPROXY_MASTER_SOCKET: masterSocket,
        HAPROXY_BACKEND_FILE: backendFile,
      };
      return {
        ports,
        socket,
        haproxy: new Supervised(haproxy, around),
        controller: new Supervised(controllerProgram(plan.controller, position, controllerEnvironment), around),
      };
    });
  }

  get sockets(): readonly string[] {
    return this.doors.map(({ socket }) => socket);
  }

  /** The origins of pages that come through these doors. */
  get origins(): readonly string[] {
    return this.facts().map(({ player_url }) => new URL(player_url).origin);
  }

  /** The HAProxies, side by side. @throws StartFailed */
  async startHaproxies(): Promise<void> {
    await Promise.all(this.doors.map(({ haproxy }) => haproxy.start()));
  }

  /** They need the HAProxies' admin sockets, and Redis. @throws StartFailed */
  async startControllers(): Promise<void> {
    await Promise.all(this.doors.map(({ controller }) => controller.start()));
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    await Promise.all(this.doors.map(({ controller }) => controller.stop()));
    await Promise.all(this.doors.map(({ haproxy }) => haproxy.stop()));
  }

  kill(): void {
    for (const { haproxy, controller } of this.doors) for (const part of [controller, haproxy]) part.kill();
  }

  facts(): HaproxyFacts[] {
    const { host, certificate } = this.plan;
    const s = certificate === undefined ? '' : 's';
    return this.doors.map(({ ports, socket, haproxy, controller }) => {
      const players = formatHostPort({ host: reachable(host), port: ports.port });
      const operators = `http://${formatHostPort({ host: OPS_HOST, port: ports.opsPort })}`;
      return {
        name: haproxy.program.logName,
        player_url: `http${s}://${players}/`,
        ws_url: `ws${s}://${players}/ws?room_code=CODE`,
        http_url:
          ports.httpPort === undefined
            ? null
            : `http://${formatHostPort({ host: reachable(host), port: ports.httpPort })}/`,
        stats_url: `${operators}/`,
        metrics_url: `${operators}/metrics`,
        socket,
        pids: { haproxy: haproxy.current?.pid ?? null, controller: controller.current?.pid ?? null },
      };
    });
  }

  get children(): readonly (readonly [ControlChild['kind'], Supervised<object>])[] {
    return this.doors.flatMap(({ haproxy, controller }) => [
      ['haproxy', haproxy] as const,
      ['controller', controller] as const,
    ]);
  }
}
