/** What a decision may order. Data: act.ts alone turns it into effects. */
export type Action = Deed & {
  /** An operator has asked for it: done in advisory mode too. */
  readonly byHand?: boolean;
};

type Deed =
  /** A new instance; sent twice with one key it starts one. */
  | { readonly kind: 'start'; readonly key: string }
  | { readonly kind: 'cancel_start'; readonly key: string; readonly handle: string }
  /** scale_down_prepare into its inbox. */
  | { readonly kind: 'tell'; readonly id: string }
  /** The drain is called off. */
  | { readonly kind: 'undrain'; readonly id: string }
  /** End it: SIGTERM or what the driver has for it. */
  | { readonly kind: 'stop'; readonly id: string; readonly forced: boolean }
  /** Give rooms away: `rooms` of them, or the one that is named. */
  | {
      readonly kind: 'move';
      readonly from: string;
      readonly to: string;
      readonly rooms: number;
      readonly room?: string;
    };

/** In words, for logs and `explain`. */
export function inWords(action: Action): string {
  switch (action.kind) {
    case 'start':
      return `start an instance (${action.key})`;
    case 'cancel_start':
      return `call off the boot ${action.key}`;
    case 'tell':
      return `drain ${action.id}: it is told to give its rooms away`;
    case 'undrain':
      return `keep ${action.id}: its drain is called off`;
    case 'stop':
      return `stop ${action.id}${action.forced ? ', with what is left on it: its deadline is over' : ': it is empty'}`;
    case 'move':
      return action.room === undefined
        ? `move ${action.rooms} room${action.rooms === 1 ? '' : 's'} from ${action.from} to ${action.to}`
        : `move room ${action.room} from ${action.from} to ${action.to}`;
  }
}
