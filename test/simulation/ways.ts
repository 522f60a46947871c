/** The ways of connections through a simulated cluster: from players to instances, and from one instance to another. */
import { type Livez, livezOf } from '../../src/cluster/livez.js';
import type { RoomCode } from '../../src/protocol/ids.js';
import { gather, Http, type HttpAsk, type HttpAsker, type HttpConnection } from './http.js';
import type { SimulatedInstance } from './instance.js';
import type { Place } from './network.js';
import type { Process } from './process.js';
import { ClientSocket, Wire } from './wire.js';
import type { Member, World } from './world.js';

const UPGRADE_TIMEOUT_MS = 400;
const PROBE_TIMEOUT_MS = 300;

export class Ways {
  readonly http: Http;

  constructor(private readonly world: World) {
    this.http = new Http({
      network: world.network,
      hostAt: (address) => world.members.findLast(({ instance }) => instance.address === address)?.instance,
      complain: (text) => world.complaints.push(text),
    });
  }

  /** A request by way of HAProxy; undefined when nobody is there to answer. */
  ask(from: Place, ask: HttpAsk, asker: HttpAsker, code?: RoomCode): HttpConnection | undefined {
    const member = this.route(code);
    return member && this.http.ask(from, member.instance, ask, asker);
  }

  /** Where HAProxy sends who asks for the room, or for no matter which; now and then it knows nothing of rooms. */
  route(code?: RoomCode): Member | undefined {
    const { random, plan, balancer } = this.world;
    return random.next() < plan.pinned ? balancer.haproxy.route(code) : balancer.haproxy.routeAnywhere();
  }

  /** A player's device connects: HAProxy mostly knows where the room is, and who is gone. */
  dial(code: RoomCode, device: Place): ClientSocket {
    const client = new ClientSocket();
    const member = this.route(code);
    if (member) this.reach(client, [device], member, code);
    return client;
  }

  /** Continues the way of a connection to `member`; undefined when nobody listens there. */
  private reach(
    client: ClientSocket,
    path: readonly string[],
    member: Member,
    code: RoomCode,
    further?: { opened(wire: Wire): void; refused(): void },
  ) {
    const { process, instance } = member;
    const from = path.at(-1) ?? '';
    const to = [...path, process.name];
    this.world.network.stream(from, process.name).send(() => {
      if (process.dead) {
        if (further) return further.refused();
        // Before it is open, a way has one hop.
        return this.world.network.stream(process.name, from).send(() => client.ended(undefined, 1_006));
      }
      process.run(() => {
        const wire = new Wire(this.world.network, client, to, process, (text) => this.world.overheard(code, text));
        if (further) {
          wire.opened = () => further.opened(wire);
          wire.refused = () => further.refused();
        }
        if (to.length > 3) this.world.complain(code, `a connection was passed on more than once: ${to.join(', ')}`);
        void instance.accept(wire, code, path.length > 1);
      });
    });
  }

  /** One instance hands a player's connection on to another. */
  pipe(by: SimulatedInstance, wire: Wire, code: RoomCode, address: string, taken: AbortSignal): Promise<boolean> {
    const from = by.process;
    const target = this.world.members.find(({ instance }) => instance.address === address);
    return new Promise((resolve) => {
      let decided = false;
      const decide = (answered: boolean) => {
        if (decided) return;
        decided = true;
        timer.cancel();
        resolve(answered);
      };
      const timer = from.after(UPGRADE_TIMEOUT_MS, () => decide(false));
      taken.addEventListener('abort', () => decide(false));
      if (!target || target.process.dead) {
        from.after(this.world.network.delay(), () => decide(false));
        return;
      }
      const back = this.world.network.stream(target.process.name, from.name);
      const opened = (further: Wire) => {
        if (decided) return further.closedByClient();
        decide(true);
        from.whenDead(() => further.brokenOnTheWay());
        by.passesOn(further, address);
        const [device = ''] = wire.path;
        this.world.network.stream(from.name, device).send(() => wire.client.opened(further));
      };
      this.reach(wire.client, wire.path, target, code, {
        opened: (further) => back.send(() => from.run(() => opened(further))),
        refused: () => back.send(() => from.run(() => decide(false))),
      });
    });
  }

  /** `GET /livez` of one instance by another. */
  probe(from: Process, address: string): Promise<Livez> {
    const target = this.world.members.findLast(({ instance }) => instance.address === address)?.instance;
    if (!target) return Promise.resolve({ answer: 'refused' });
    return new Promise((resolve) => {
      const timer = from.after(PROBE_TIMEOUT_MS, () => resolve({ answer: 'silent' }));
      const asker = gather((answer) =>
        from.run(() => {
          timer.cancel();
          resolve(answer ? livezOf(answer.body) : { answer: 'refused' });
        }),
      );
      this.http.ask(from.name, target, { method: 'GET', url: '/livez' }, asker);
    });
  }
}
