/** Home or a table, in the language chosen. */
import { useEffect, useErrorBoundary, useMemo, useState } from 'preact/hooks';
import { Broken } from './broken.js';
import { useDevice, useLikes } from './device/device.js';
import { Home } from './home/home.js';
import { TableScreen } from './table/table-screen.js';
import { TextProvider, textIn } from './text/text.js';

export function App() {
  const { router } = useDevice();
  const [{ language }] = useLikes();
  const [route, setRoute] = useState(router.current);
  useEffect(() => router.subscribe(() => setRoute(router.current)), [router]);
  const text = useMemo(() => textIn(language), [language]);
  const [error] = useErrorBoundary((thrown: unknown) => console.error(thrown));
  const { room, watch } = route;
  useEffect(() => {
    document.title = room === undefined ? text.t('hokm') : `${text.t('hokm')} · ${room}`;
  }, [room, text]);
  return (
    <TextProvider value={text}>
      {error ? (
        <Broken />
      ) : room === undefined ? (
        <Home />
      ) : (
        <TableScreen key={`${room} ${watch}`} room={room} route={route} />
      )}
    </TextProvider>
  );
}
