/** The page's parts, put together. */
import { render } from 'preact';
import { SeatsInStorage, type TextStorage } from '../client/browser.js';
import { App } from './app.js';
import { DeviceProvider } from './device/device.js';
import { Preferences } from './device/preferences.js';
import { Router } from './device/route.js';
import { Sounds } from './device/sounds.js';
import { keepTextsApart } from './text/own-elements.js';

/** Some browsers refuse even to name it. */
function storage(): TextStorage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** For as long as the page is open. */
function memory(): TextStorage {
  const kept = new Map<string, string>();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

keepTextsApart();
const stored = storage();
const preferences = new Preferences(stored);
const device = {
  preferences,
  seats: new SeatsInStorage(stored ?? memory()),
  router: new Router(),
  sounds: new Sounds(preferences),
};
const page = document.getElementById('page');
if (page) {
  render(
    <DeviceProvider value={device}>
      <App />
    </DeviceProvider>,
    page,
  );
}
