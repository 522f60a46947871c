/** A sound for what happens at the table. */
import { useEffect, useRef } from 'preact/hooks';
import type { View } from '../../game/hokm/view.js';
import { useDevice } from '../device/device.js';
import type { Memory } from './memory.js';

export function useTableSounds(view: View, memory: Memory): void {
  const { sounds } = useDevice();
  const { table, seat } = view;
  const isNew = useRef(true);
  const mine = table.turn !== null && table.turn === seat;
  const won = table.result !== null && typeof seat === 'number' && table.result.winners.includes(seat);
  useEffect(() => {
    if (!isNew.current && table.played.length > 0) sounds.play('card');
  }, [table.played.length]);
  useEffect(() => {
    if (!isNew.current) sounds.play('trick');
  }, [memory.tricksSeen]);
  useEffect(() => {
    if (!isNew.current && mine) sounds.play('turn');
  }, [mine]);
  useEffect(() => {
    if (!isNew.current && won) sounds.play('win');
  }, [won]);
  useEffect(() => {
    isNew.current = false;
  }, []);
}
