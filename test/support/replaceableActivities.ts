import { createActivities, type Activities } from '../../src/activities';
import type { ActivityDependencies } from '../../src/activities/dependencies';

/** @param make gets the real activity, which the replacement may call */
export type ReplaceActivity = <Name extends keyof Activities>(
  name: Name,
  make: (real: Activities[Name]) => Activities[Name],
) => void;

/**
 * The real activities. A test may replace each of them for a while, to make it fail, wait, or lose its response.
 *
 * @param before runs before each activity
 */
export function replaceableActivities(
  dependencies: ActivityDependencies,
  before: () => Promise<unknown> = () => Promise.resolve(),
) {
  const real: Activities = createActivities(dependencies);
  const replaced = new Map<string, Activities[keyof Activities]>();
  const activities = Object.fromEntries(
    Object.entries(real).map(([name, activity]) => [
      name,
      async (...args: unknown[]): Promise<unknown> => {
        await before();
        const answer: unknown = Reflect.apply(replaced.get(name) ?? activity, undefined, args);
        return answer;
      },
    ]),
  );
  const replace: ReplaceActivity = (name, make) => void replaced.set(name, make(real[name]));
  return { activities, replace, restore: () => replaced.clear() };
}
