import { startBare, type Bare } from './bare/bare';
import { startCeiling, type Ceiling } from './ceiling/ceiling';
import type { Shape } from './ceiling/protocol';
import { startGenerator, type Generator } from './generator/generator';
import type { Measured, Pids } from './processes/meter';
import type { Rate } from './processes/meter';
import type { Scale } from './scale';
import { openSite, type Site } from './site/site';

/** The tools with which the rows measure. */
export interface Bench {
  scale: Scale;
  /** The Holdfast instance that most rows call. */
  site: Site;
  /** Temporal without Holdfast, in each shape of the bare workflow. */
  ceilings: Record<Shape, Ceiling>;
  bare: Bare;
  generator: Generator;
  /** The processes of the main site, and the generator. */
  pids: Pids;
  /** All sites that are open so far. */
  sites: readonly Site[];
  /** Starts another Holdfast beside the main one. */
  openSite(name: string): Promise<Site>;
  /** Adds what `close` has to close, before everything else. */
  closeLater(close: () => Promise<void>): void;
  close(): Promise<void>;
}

export async function openBench(scale: Scale): Promise<Bench> {
  const closers: (() => Promise<void>)[] = [];
  const opened = <Part>(part: Part, close: () => Promise<void>): Part => {
    closers.push(close);
    return part;
  };
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  const sites: Site[] = [];
  const open = async (name: string): Promise<Site> => {
    const site = await openSite(name);
    sites.push(site);
    return opened(site, () => site.close());
  };
  try {
    const site = await open('main');
    const { stack, people } = site;
    const openCeiling = async (shape: Shape): Promise<Ceiling> => {
      const { temporalAddress } = stack;
      const ceiling = await startCeiling({ temporalAddress, taskQueue: `ceiling-${shape}`, shape });
      return opened(ceiling, () => ceiling.stop());
    };
    const ceilings = { present: await openCeiling('present'), former: await openCeiling('former') };
    const bare = await startBare({ redisUrl: stack.redisUrl, publicJwk: people.publicJwk });
    opened(bare, () => bare.stop());
    const generator = await startGenerator();
    opened(generator, () => generator.stop());
    return {
      scale,
      site,
      ceilings,
      bare,
      generator,
      sites,
      pids: { ...stack.pids, generator: generator.pid },
      openSite: open,
      closeLater: (closer) => void closers.push(closer),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes something once for each key, such as a bench or a round, for all who ask. */
export function oncePer<Key extends object, Shared>(
  make: (key: Key) => Promise<Shared>,
): (key: Key) => Promise<Shared> {
  const made = new WeakMap<Key, Promise<Shared>>();
  return (key) => {
    const shared = made.get(key) ?? make(key);
    made.set(key, shared);
    return shared;
  };
}

/** The rate of a window: operations a second, and processor time of one operation. */
export function rateOf({ operations, seconds, cpuMs }: Measured): Rate {
  const shares = Object.entries(cpuMs).map(([name, ms]) => [name, ms / operations] as const);
  return { perSecond: operations / seconds, cpuMs: Object.fromEntries(shares) };
}
