/** What our scaler is compared with, in the same simulation. */
import type { Scaler } from './simulate.js';

/** As many as the busiest minute needs, always. */
export function staticMaximum(need: Int32Array): Scaler {
  const most = need.reduce((a, b) => Math.max(a, b), 0);
  return () => most;
}

/** Kubernetes' stabilisation of a scale-down, minutes, and the deviation it lets pass. */
const HPA_WINDOW_MIN = 5;
const HPA_TOLERANCE = 0.1;

/** Kubernetes' horizontal pod autoscaler with its defaults, on players per instance. */
export function hpa(target: number, capacity: number, minimum: number): Scaler {
  const recent: number[] = [];
  return (_minute, players, { active, starting }) => {
    const current = active + starting;
    const ratio = players / (capacity * current * target);
    const desired =
      Math.abs(ratio - 1) <= HPA_TOLERANCE ? current : Math.max(minimum, Math.ceil(players / (capacity * target)));
    recent.push(desired);
    if (recent.length > HPA_WINDOW_MIN) recent.shift();
    return desired >= current ? desired : Math.min(current, Math.max(...recent));
  };
}

/** A fixed share above what is needed now. */
export function fixedBuffer(share: number, capacity: number, minimum: number): Scaler {
  return (_minute, players) => Math.max(minimum, Math.ceil(((1 + share) * players) / capacity));
}
