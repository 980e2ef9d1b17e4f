import type { Knex } from 'knex';

export interface Concert {
  concertId: string;
  title: string;
  artist: string;
  description: string;
}

/** The columns, renamed to the properties of {@link Concert}. */
const COLUMNS = { concertId: 'id', title: 'title', artist: 'artist', description: 'description' } as const;

export interface ConcertPage {
  /** A part of the title or of the artist's name, in any case. */
  search?: string | undefined;
  limit: number;
  /** The last concert of the page before. */
  after?: string | undefined;
}

export type ConcertStore = ReturnType<typeof createConcertStore>;

export function createConcertStore(db: Knex) {
  return {
    /** If a concert with this id exists, it stays unchanged. */
    async insert({ concertId, title, artist, description }: Concert): Promise<void> {
      await db('concerts').insert({ id: concertId, title, artist, description }).onConflict('id').ignore();
    },

    async find(concertId: string): Promise<Concert | null> {
      const concert = await db('concerts').where({ id: concertId }).first<Concert | undefined>(COLUMNS);
      return concert ?? null;
    },

    /** Newest first. Concerts are never deleted, so the last one of a page always marks where the next page begins. */
    async list({ search, limit, after }: ConcertPage): Promise<Concert[]> {
      // strpos uses the text literally. LIKE would treat % and _ in it as patterns.
      const { rows } = await db.raw<{ rows: Concert[] }>(
        `SELECT id AS "concertId", title, artist, description
         FROM concerts
         WHERE (:search::text IS NULL OR strpos(lower(title), lower(:search)) > 0
                                      OR strpos(lower(artist), lower(:search)) > 0)
           AND (:after::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM concerts WHERE id = :after))
         ORDER BY created_at DESC, id DESC
         LIMIT :limit`,
        { search: search ?? null, after: after ?? null, limit },
      );
      return rows;
    },
  };
}
