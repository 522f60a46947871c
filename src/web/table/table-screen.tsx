/** A table's address: asks for a name where there is no seat yet, then joins. */
import { useState } from 'preact/hooks';
import type { RoomCode, Seat } from '../../client/browser.js';
import { useDevice, useLikes } from '../device/device.js';
import type { Route } from '../device/route.js';
import { persianLetters } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { JoinScreen } from './join-screen.js';
import { TableSession } from './table-session.js';

export function TableScreen({ room, route }: { readonly room: RoomCode; readonly route: Route }) {
  const { t } = useText();
  const { seats, router } = useDevice();
  const [{ name }] = useLikes();
  const { watch, intent } = route;
  const [joins, setJoins] = useState(watch || intent.sit === true || seats.find(room) !== undefined);
  const [seat, setSeat] = useState<Seat | undefined>();
  /** Rises with every new start, after a connection was closed for good. */
  const [attempt, setAttempt] = useState(0);
  if (!joins) {
    return (
      <JoinScreen
        room={room}
        onJoin={(wished) => {
          setSeat(wished);
          setJoins(true);
        }}
        onWatch={() => router.toTable(room, {}, true)}
      />
    );
  }
  return (
    <TableSession
      key={attempt}
      joining={{ room, watch, seat, name: persianLetters(name.trim()) || t('guest') }}
      intent={intent}
      onAgain={() => setAttempt(attempt + 1)}
    />
  );
}
