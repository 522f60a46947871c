/** Outgoing frames. */
import { type ErrorCode, errors } from '../errors.js';
import type { ClientOut, ErrorFrame } from './client-out.js';
import { Frame } from './frame.js';

export const encode = (frame: ClientOut): Frame => new Frame(JSON.stringify(frame));

/** The frame that tells an error of the catalogue; `detail` takes the place of its sentence. */
export function errorFrame(code: ErrorCode, detail?: string, id?: string, reason?: string): ErrorFrame {
  const { message, retry } = errors[code];
  return {
    type: 'error',
    code,
    message: detail || message,
    retry,
    ...(id === undefined ? {} : { id }),
    ...(reason === undefined ? {} : { reason }),
  };
}
