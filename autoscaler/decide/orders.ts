/** Orders by hand, worked into a decision. PURE. */

import type { Policy } from '../policy/schema.js';
import type { Order } from '../store.js';
import type { Action } from './actions.js';
import type { Decision } from './decide.js';
import { advanceDrain, startDrain } from './drains.js';
import type { Instance } from './instance.js';

export interface OrderContext {
  readonly policy: Policy;
  readonly fencing: number;
  readonly instances: readonly Instance[];
  /** Who owns a room, where it is known. */
  readonly owners: ReadonlyMap<string, string>;
}

/** The decision with the orders carried out too. An order that makes no sense any more is dropped. */
export function withOrders(decision: Decision, orders: readonly Order[], context: OrderContext): Decision {
  const { policy, fencing, instances } = context;
  const { now } = decision;
  const actions: Action[] = [...decision.actions];
  let drains = [...decision.state.drains];
  for (const order of orders) {
    switch (order.kind) {
      case 'drain': {
        const instance = instances.find(({ id }) => id === order.id);
        if (!instance || drains.some(({ id }) => id === order.id)) break;
        const begun = startDrain(instance, true, policy, now, 'by hand');
        const deadline = order.deadline_s === undefined ? begun.deadline : now + order.deadline_s * 1000;
        const { next, effect } = advanceDrain({ ...begun, deadline }, instance, now, fencing);
        if (next) drains.push(next);
        if (effect) actions.push({ ...effect, byHand: true });
        break;
      }
      case 'undrain': {
        const drain = drains.find(({ id }) => id === order.id);
        if (!drain || drain.step === 'stopping') break;
        drains = drains.filter(({ id }) => id !== order.id);
        actions.push({ kind: 'undrain', id: order.id, byHand: true });
        break;
      }
      case 'move': {
        const from = context.owners.get(order.room);
        if (from !== undefined && from !== order.to) {
          actions.push({ kind: 'move', from, to: order.to, rooms: 1, room: order.room, byHand: true });
        }
        break;
      }
    }
  }
  return { ...decision, actions, state: { ...decision.state, drains } };
}
