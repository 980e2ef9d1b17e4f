import { SettingsError } from '../../src/config/settings';
import { loadLauncherSettings } from '../../src/launcher/start/launcherSettings';
import { apiUrl } from '../../src/launcher/start/services';

/** The one line for the operator, or null if the settings are good. */
function complaintOf(env: NodeJS.ProcessEnv): string | null {
  try {
    loadLauncherSettings(env);
    return null;
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

describe('ports', () => {
  it.each([
    [{ PORT: '8233' }, 'PORT and TEMPORAL_UI_PORT are both 8233; allowed: a port for each'],
    [{ METRICS_PORT: '3000' }, 'PORT and METRICS_PORT are both 3000; allowed: a port for each'],
    [
      { METRICS_PORT: '3456', WORKER_METRICS_PORT: '3456' },
      'METRICS_PORT and WORKER_METRICS_PORT are both 3456; allowed: a port for each',
    ],
  ])('are never shared, not even with a default: %j', (env, complaint) => {
    expect(complaintOf(env)).toBe(complaint);
  });

  it.each([
    ['that are not chosen are free ports', { PORT: '9464' }],
    [
      'of the UI of an external Temporal do not count',
      { PORT: '8233', TEMPORAL_ADDRESS: 'far.example:7233' },
    ],
  ])('%s', (_rule, env) => {
    expect(complaintOf(env)).toBeNull();
  });
});

describe('HOST', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000'],
    ['0.0.0.0', 'http://127.0.0.1:3000'],
    ['::1', 'http://[::1]:3000'],
    ['::', 'http://[::1]:3000'],
    ['localhost', 'http://localhost:3000'],
  ])('%s is reached at %s', (HOST, url) => {
    expect(apiUrl(loadLauncherSettings({ HOST }))).toBe(url);
  });

  it.each(['[::1]', 'http://localhost', 'fe80::1%eth0', 'a b'])(
    'is an address or a host name, but not %s',
    (HOST) => {
      expect(complaintOf({ HOST })).toBe(
        `HOST is "${HOST}"; allowed: an IP address, IPv6 without brackets, or a host name`,
      );
    },
  );
});

describe('TEMPORAL_ADDRESS', () => {
  it.each(['localhost:7233', '10.0.0.1:7233', '[::1]:7233', '[2001:db8::7]:7233'])('may be %s', (address) => {
    expect(complaintOf({ TEMPORAL_ADDRESS: address })).toBeNull();
  });

  it.each(['localhost', '::1:7233', 'http://localhost:7233'])('may not be %s', (address) => {
    expect(complaintOf({ TEMPORAL_ADDRESS: address })).toBe(
      `TEMPORAL_ADDRESS is "${address}"; allowed: host:port`,
    );
  });
});
