/** Short sounds made on the spot, and a buzz: only as far as the person likes them. */
import type { Preferences } from './preferences.js';

export type Sound = 'card' | 'turn' | 'trick' | 'win';

/** Tones one after the other: frequency in Hz, length in s. */
const TONES: Readonly<Record<Sound, readonly (readonly [number, number])[]>> = {
  card: [[190, 0.05]],
  turn: [
    [523, 0.09],
    [784, 0.12],
  ],
  trick: [
    [392, 0.06],
    [330, 0.08],
  ],
  win: [
    [523, 0.1],
    [659, 0.1],
    [784, 0.2],
  ],
};
const VOLUME = 0.06;

export class Sounds {
  private context: AudioContext | undefined;

  constructor(private readonly preferences: Preferences) {}

  play(sound: Sound): void {
    const { sound: audible, vibration } = this.preferences.current;
    const touched = navigator.userActivation?.hasBeenActive ?? false;
    if (!touched || document.hidden) return;
    if (vibration && sound === 'turn') navigator.vibrate?.(35);
    if (!audible) return;
    this.context ??= new AudioContext();
    const { context } = this;
    let at = context.currentTime + 0.01;
    for (const [frequency, length] of TONES[sound]) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.type = sound === 'card' ? 'triangle' : 'sine';
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(VOLUME, at);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
      tone.connect(gain).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
      at += length;
    }
  }
}
