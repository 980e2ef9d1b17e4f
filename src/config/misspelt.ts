import { closestMatch } from 'leven';
import { serviceSettingNames } from './settings';

/** Settings that only the launcher or the sandbox gateway reads. */
const OTHER_NAMES = [
  'HOLDFAST_CACHE_DIR',
  'TEMPORAL_UI_PORT',
  'SANDBOX_PORT',
  'SANDBOX_DATA_DIR',
  'SANDBOX_WEBHOOK_URL',
];
/** No other program's variables begin like this. So an unknown name with such a prefix was meant as a setting. */
const OWN_PREFIX =
  /^(HOLD|HOLDFAST|QUEUE|SETTLE|RECONCILE|RATE_LIMIT|SANDBOX|PAYMENT|TRUSTED|OPERATOR|DEMO|CORS)_/;
/** The number of characters that may be wrong in a name with a common prefix, such as `REDIS_URI`. */
const NEAR = 2;
/** Shorter names are similar to too many other names. */
const SHORTEST = 6;

/** A variable that looks like a setting but is not one, and the setting that was probably meant. */
export interface Misspelt {
  name: string;
  nearest: string;
}

export function misspeltIn(env: NodeJS.ProcessEnv): Misspelt[] {
  const names = [...serviceSettingNames(), ...OTHER_NAMES];
  return Object.keys(env)
    .filter((name) => !names.includes(name))
    .flatMap((name) => {
      const nearest = nearestTo(name.toUpperCase(), names);
      return nearest === undefined ? [] : [{ name, nearest }];
    });
}

/** One line for the operator. It does not show the value, because that may be a secret. */
export function lineAbout({ name, nearest }: Misspelt): string {
  return `${name} is no setting of Holdfast and has no effect; the nearest name is ${nearest}`;
}

function nearestTo(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name)) return name;
  const [prefix] = OWN_PREFIX.exec(name) ?? [];
  if (prefix !== undefined) {
    const alike = names.filter((other) => other.startsWith(prefix));
    return closestMatch(name, alike.length > 0 ? alike : names);
  }
  return name.length < SHORTEST ? undefined : closestMatch(name, names, { maxDistance: NEAR });
}
