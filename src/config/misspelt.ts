import { closestMatch } from 'leven';
import { serviceSettingNames } from './settings';

/** Settings of the launcher and of the sandbox gateway alone. */
const OTHER_NAMES = [
  'HOLDFAST_CACHE_DIR',
  'TEMPORAL_UI_PORT',
  'SANDBOX_PORT',
  'SANDBOX_DATA_DIR',
  'SANDBOX_WEBHOOK_URL',
];
/** Nobody else's variables begin like this, so one that is no setting was meant to be one. */
const OWN_PREFIX =
  /^(HOLD|HOLDFAST|QUEUE|SETTLE|RECONCILE|RATE_LIMIT|SANDBOX|PAYMENT|TRUSTED|OPERATOR|DEMO|CORS)_/;
/** The number of characters that may be wrong in a name that begins as others' do, such as `REDIS_URI`. */
const NEAR = 2;
/** Shorter names are near to too many others. */
const SHORTEST = 6;

/** A variable that looks like a setting and is none, and the setting that was probably meant. */
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

/** One line for the operator. The value is not repeated: it may be a secret. */
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
