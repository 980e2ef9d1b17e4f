import { z } from 'zod';

const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** How the order follows from the seed. Clients may show this text, and `npm run verify-draw` does this calculation. */
export const ALGORITHM =
  'entries ascending by SHA-256(seed + entryId); seedHash = SHA-256(seed); all as text';

export const drawSchema = z
  .object({
    scheduleId: z.uuid(),
    status: z.enum(['COMMITTED', 'DRAWN']),
    algorithm: z
      .string()
      .meta({ description: 'Hashes are of ASCII text and compared as lowercase hex digits' }),
    seedHash: hex.meta({ description: 'Published as soon as the sale is announced' }),
    opensAt: z.iso.datetime(),
    drawnAt: z.iso.datetime().optional(),
    seed: hex.optional().meta({ description: 'After the draw' }),
    entries: z
      .array(z.uuid())
      .optional()
      .meta({ description: 'After the draw: every entry, in the order in which they stand in line' }),
  })
  .meta({ id: 'Draw' });
