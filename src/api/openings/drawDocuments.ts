import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import type { Draw, DrawStore } from '../../db/openings/drawStore';
import { ALGORITHM, type drawSchema } from './schema';

/** A draw, serialised and ready to send: 4 MB for 100,000 entries. */
export interface DrawDocument {
  body: Buffer;
  etag: string;
  /** It never changes again. */
  isFinal: boolean;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Before the draw, a process asks Postgres this often, however many clients ask. */
const COMMITTED_MS = 1_000;

/** The draws of all schedules. A process reads each once, however many clients ask at the same time. */
export function createDrawDocuments(draws: Pick<DrawStore, 'find'>) {
  const documents = new LRUCache<string, DrawDocument>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }) => body.length,
    async fetchMethod(scheduleId, _stale, { options }) {
      const draw = await draws.find(scheduleId);
      if (!draw) return undefined;
      options.ttl = draw.result ? 0 : COMMITTED_MS;
      return toDocument(draw);
    },
  });
  return {
    /** @returns null for a schedule without a draw */
    find: async (scheduleId: string): Promise<DrawDocument | null> =>
      (await documents.fetch(scheduleId)) ?? null,
  };
}

function toDocument({ scheduleId, seedHash, opensAt, result }: Draw): DrawDocument {
  const view: z.input<typeof drawSchema> = {
    scheduleId,
    status: result ? 'DRAWN' : 'COMMITTED',
    algorithm: ALGORITHM,
    seedHash,
    opensAt: opensAt.toISOString(),
    ...(result && { drawnAt: result.drawnAt.toISOString(), seed: result.seed, entries: result.entries }),
  };
  const body = Buffer.from(JSON.stringify(view));
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return { body, etag, isFinal: result !== null };
}
