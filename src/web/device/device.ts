/** What the page has of its device, handed down to every component. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { SeatStore } from '../../client/browser.js';
import type { Likes, Preferences } from './preferences.js';
import type { Router } from './route.js';
import type { Sounds } from './sounds.js';

export interface Device {
  readonly preferences: Preferences;
  readonly seats: SeatStore;
  readonly router: Router;
  readonly sounds: Sounds;
}

const DeviceContext = createContext<Device | null>(null);
export const DeviceProvider = DeviceContext.Provider;

export function useDevice(): Device {
  const device = useContext(DeviceContext);
  if (!device) throw new Error('there is no device above this component');
  return device;
}

/** The preferences as they are now; the component is drawn again when they change. */
export function useLikes(): [Likes, (part: Partial<Likes>) => void] {
  const { preferences } = useDevice();
  const [, redraw] = useState(0);
  useEffect(() => preferences.subscribe(() => redraw((count) => count + 1)), [preferences]);
  return [preferences.current, (part) => preferences.change(part)];
}
