import { loadSettings, SERVICES, SETTING_NAMES } from '@multiswarm/service';
import { compose } from './compose';
import { defaultOf, readEnvFile } from './files';

type Environment = Record<string, string>;

const composeEnvironment = (service: string): Environment =>
  Object.fromEntries(
    Object.entries(compose.services[service]?.environment ?? {}).map(([name, value]) => [
      name,
      defaultOf(value),
    ]),
  );

const environments = SERVICES.flatMap((service) => [
  { service, from: 'docker-compose.yml', environment: composeEnvironment(service) },
  { service, from: 'k8s/base/settings.env', environment: readEnvFile('k8s/base/settings.env') },
]);

describe.each(environments)('the settings of $service in $from', ({ service, environment }) => {
  it('are all known', () => {
    expect(Object.keys(environment).filter((name) => !SETTING_NAMES.some((known) => known === name))).toEqual(
      [],
    );
  });

  it('are accepted, and each of them has an effect', () => {
    const { values, warnings } = loadSettings(service, { env: environment });
    expect(warnings).toEqual([]);
    expect(values).toMatchObject({
      ENV: 'production',
      NATS_URL: 'nats://nats:4222',
      SHUTDOWN_GRACE_MS: 25_000,
    });
  });
});
