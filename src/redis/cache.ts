import type { z } from 'zod';
import type { BestEffort } from './bestEffort';

export interface CacheOptions {
  /** Names the cache; one cache lives in one slot of a Redis Cluster. */
  name: string;
  /** The longest that an entry lives; each lives a random 70 to 100 % of it, so that they do not end together. */
  ttlMs: number;
}

/** A kind of entry: the value under a key, or what `load` gives, which is then kept. */
export type CachedRead<T> = (key: string, load: () => Promise<T>) => Promise<T>;

export interface Cache {
  /**
   * Defines a kind of entry. In this process one load runs for a key at a time, and everyone who asks
   * meanwhile gets its answer. With Redis down every call loads. What `load` throws reaches all of them.
   *
   * @param kind first part of the keys
   * @param schema reads an entry back; one that does not fit (another release wrote it) counts as missing
   */
  of<S extends z.ZodType>(kind: string, schema: S): CachedRead<z.output<S>>;

  /**
   * Makes every entry old at once, for all processes.
   *
   * @returns false with Redis down: entries then live out their time
   */
  invalidate(): Promise<boolean>;
}

/**
 * A cache-aside of JSON values. An entry is written as `<version> <JSON>`, and the version is read before
 * the load starts: what was loaded before an invalidation can only ever be kept under the old version.
 */
export function createCache(attempt: BestEffort, { name, ttlMs }: CacheOptions): Cache {
  const versionKey = `{${name}}:version`;

  return {
    of<S extends z.ZodType>(kind: string, schema: S): CachedRead<z.output<S>> {
      const running = new Map<string, Promise<z.output<S>>>();

      async function readOrLoad(key: string, load: () => Promise<z.output<S>>): Promise<z.output<S>> {
        const found = await attempt((redis) => redis.mget(versionKey, key));
        const prefix = `${found?.[0] ?? 0} `;
        const entry = found?.[1];
        const kept = entry?.startsWith(prefix)
          ? schema.safeParse(parseJson(entry.slice(prefix.length)))
          : undefined;
        if (kept?.success) return kept.data;

        const value = await load();
        // Not waited for: the caller has its answer, and a write that fails costs one more load.
        if (found)
          void attempt((redis) => redis.set(key, prefix + JSON.stringify(value), 'PX', jittered(ttlMs)));
        return value;
      }

      return async (key, load) => {
        const fullKey = `{${name}}:${kind}:${key}`;
        const joined = running.get(fullKey);
        if (joined) return joined;
        const own = readOrLoad(fullKey, load).finally(() => running.delete(fullKey));
        running.set(fullKey, own);
        return own;
      };
    },

    async invalidate() {
      return (await attempt((redis) => redis.incr(versionKey))) !== undefined;
    },
  };
}

const jittered = (ms: number): number => Math.ceil(ms * (0.7 + 0.3 * Math.random()));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How long a change that nobody announced, such as a sold seat in a count, may stay unseen in lists. */
const CATALOGUE_TTL_MS = 900;

/** Concerts and schedules with their counts of free seats. Invalidate it after every change by an operator. */
export function createCatalogueCache(attempt: BestEffort): Cache {
  return createCache(attempt, { name: 'catalogue', ttlMs: CATALOGUE_TTL_MS });
}
