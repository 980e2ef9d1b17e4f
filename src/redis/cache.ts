import type { z } from 'zod';
import type { BestEffort } from './bestEffort';

export interface CacheOptions {
  /** The name of the cache. One cache lives in one slot of a Redis Cluster. */
  name: string;
  /**
   * The maximum lifetime of an entry. Each entry lives a random 70 to 100 % of it, so that they do not expire together.
   */
  ttlMs: number;
}

/** Returns the cached value of a key, or the result of `load`, which it then caches. */
export type CachedRead<T> = (key: string, load: () => Promise<T>) => Promise<T>;

export interface Cache {
  /**
   * Defines a kind of entry. In this process one load runs for a key at a time. Parallel callers get its result or its
   * error. If Redis is down, every read runs a load.
   *
   * @param kind the first part of the keys
   * @param schema reads an entry back; an entry that does not match (from another release) counts as missing
   */
  of<S extends z.ZodType>(kind: string, schema: S): CachedRead<z.output<S>>;

  /**
   * Invalidates all entries at once, for all processes.
   *
   * @returns false if Redis is down: entries then live until they expire
   */
  invalidate(): Promise<boolean>;
}

/**
 * A cache-aside of JSON values. An entry has the form `<version> <JSON>`. The version is read before the load starts.
 * So a value that was loaded before an invalidation can only be stored under the old version.
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
        // The code does not wait for the write: the caller has its value, and a failed write only costs one more load.
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

/** How long lists may miss a change without an invalidation, such as a sold seat in a count. */
const CATALOGUE_TTL_MS = 900;

/** Concerts and schedules with their counts of free seats. Invalidate the cache after every change by an operator. */
export function createCatalogueCache(attempt: BestEffort): Cache {
  return createCache(attempt, { name: 'catalogue', ttlMs: CATALOGUE_TTL_MS });
}
