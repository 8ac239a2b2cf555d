import type { MultiswarmError } from '@multiswarm/contracts';
import { SETTING_NAMES, SETTINGS, type ServiceName } from './settings';

/** What `--help` and `--version` print; undefined when the service should run. */
export function usage(service: ServiceName, version: string, argv: readonly string[]): string | undefined {
  if (argv.includes('--version')) return `${service} ${version}\n`;
  if (!argv.includes('--help') && !argv.includes('-h')) return undefined;
  const rows = SETTING_NAMES.map((name) => ({ name, setting: SETTINGS[name] }))
    .filter(({ setting }) => setting.services.includes(service))
    .map(({ name, setting }) => `  ${name.padEnd(32)} ${setting.description} [${String(setting.default)}]`);
  return [
    `${service} ${version}`,
    '',
    `usage: ${service} [--config FILE] [--help] [--version]`,
    '',
    'Settings come from the environment, then from the file (YAML or JSON; --config or MULTISWARM_CONFIG), then from',
    'these defaults. docs/configuration.md says more about each.',
    '',
    ...rows,
    '',
  ].join('\n');
}

/** The faults of the configuration, one line each. */
export function configurationFaults(service: ServiceName, error: MultiswarmError): string {
  const lines = error.findings.map(({ message }) => `  - ${message}`);
  return `${service}: ${error.message}\n${lines.join('\n')}\n`;
}
