/** Bodies that players send over HTTP. */
import { z } from 'zod';

export const createSchema = z.strictObject({
  game: z.string().max(32).default('hokm'),
  /** The game's own options. */
  options: z.unknown().optional(),
  durability: z.enum(['async', 'primary', 'replicated']).optional(),
  turn_ms: z.int().min(500).max(600_000).optional(),
  /** Listed for everybody by GET /api/rooms while a player is there. */
  public: z.boolean().optional(),
});

export const reconnectSchema = z.strictObject({ token: z.string().min(1).max(64) });
