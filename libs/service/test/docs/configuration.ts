import { RULES, SERVICES, SETTING_NAMES, SETTINGS, type Setting } from '@multiswarm/service';
import { code, table } from './table';

const ROWS = SETTING_NAMES.map((name) => ({ name, setting: SETTINGS[name] }));

function shownDefault({ setting }: { setting: Setting<unknown> }): string {
  const { default: value } = setting;
  return code(Array.isArray(value) ? value.join(',') : String(value));
}

function allowed({ setting }: { setting: Setting<unknown> }): string {
  return setting.unit === undefined ? setting.type.allowed : `${setting.type.allowed} (${setting.unit})`;
}

function services({ setting }: { setting: Setting<unknown> }): string {
  return setting.services.length === SERVICES.length ? 'all' : setting.services.join(', ');
}

function settingsTable(since: 'now' | 'later'): string {
  const rows = ROWS.filter(({ setting }) => setting.since === since);
  if (since === 'later') {
    return table(
      ['Setting', 'Default', 'Allowed', 'What it will do', 'Until then'],
      rows.map((row) => [
        code(row.name),
        shownDefault(row),
        allowed(row),
        row.setting.description,
        row.setting.laterNote ?? '',
      ]),
    );
  }
  return table(
    ['Setting', 'Default', 'Allowed', 'Services', 'What it does'],
    rows.map((row) => [
      code(row.name),
      shownDefault(row),
      allowed(row),
      services(row),
      row.setting.description,
    ]),
  );
}

function aliases(): string {
  const rows = ROWS.filter(({ setting }) => setting.aliases !== undefined);
  return rows
    .map(({ name, setting }) => `- ${setting.aliases?.map(code).join(', ')} for ${code(name)}`)
    .join('\n');
}

function partlyLater(): string {
  const rows = ROWS.filter(({ setting }) => setting.laterValues !== undefined);
  if (rows.length === 0) return '';
  const lines = rows
    .map(({ name, setting }) => {
      const values = setting.laterValues?.map((value) => code(String(value))).join(', ');
      return `- ${code(name)}: of its values, ${code(String(setting.default))} has an effect. ${values} are known and accepted with a warning, and ${code(String(setting.default))} is used: ${setting.laterNote}.`;
    })
    .join('\n');
  return `\nPartly without effect yet:\n\n${lines}\n`;
}

const OPEN_TELEMETRY: readonly (readonly [name: string, what: string])[] = [
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'The collector, e.g. `http://127.0.0.1:4318`. Turns traces and the export of metrics on.',
  ],
  [
    'OTEL_TRACES_EXPORTER',
    '`otlp`, `console` or `none`. Turns traces on without an endpoint; `none` turns them off.',
  ],
  ['OTEL_METRICS_EXPORTER', '`none` keeps metrics from being exported; `/metrics` is there all the same.'],
  ['OTEL_METRIC_EXPORT_INTERVAL', 'Milliseconds between two exports of metrics. Default 60000.'],
  ['OTEL_SDK_DISABLED', '`true` turns all of it off, whatever the others say.'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'More attributes of every span, `key=value` pairs separated by commas.'],
  [
    'OTEL_TRACES_SAMPLER',
    'Which traces are recorded, e.g. `parentbased_traceidratio` with `OTEL_TRACES_SAMPLER_ARG`.',
  ],
];

export function configurationPage(): string {
  return `# Configuration

Each service reads its settings once, at its start: from the environment, then from a file, then from the defaults
below. All faults are listed at once, with where each value came from and what is allowed; the exit code is then 2.
An empty environment variable counts as not set.

The file is YAML or JSON, named by \`--config FILE\` or \`MULTISWARM_CONFIG\`. It is one flat mapping. Keys are the names of
the table in lower case (\`max_regions\`), in camel case (\`maxRegions\`) or as they stand. Unknown keys are faults.

\`\`\`yaml
max_swarms_per_region: 20
success_rate_threshold: 0.95
orchestrator_regions: [us-east, eu-west]
\`\`\`

These keys are accepted as well:

${aliases()}

## Settings

${settingsTable('now')}

Between settings:

${rules()}
${partlyLater()}
## Known, without effect yet

These are checked like the others. A service that uses one of them warns in one line that it has no effect yet.

${settingsTable('later')}

## OpenTelemetry

Read from the environment only, by their standard names:

${table(
  ['Variable', 'What it does'],
  OPEN_TELEMETRY.map(([name, what]) => [code(name), what]),
)}
`;
}

function rules(): string {
  const names = new RegExp(`\\b(${SETTING_NAMES.join('|')})\\b`, 'g');
  return RULES.map(({ message }) => `- ${message.replace(names, code)}.`).join('\n');
}
