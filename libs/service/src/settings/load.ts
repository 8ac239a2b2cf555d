import { MultiswarmError, type Finding } from '@multiswarm/contracts';
import { closest } from './closest';
import { SETTING_NAMES, SETTINGS, type SettingName, type Settings } from './catalogue';
import { readConfigFile } from './file';
import { RULES } from './rules';
import type { ServiceName, Setting } from './setting';

export interface LoadOptions {
  env: Record<string, string | undefined>;
  /** `--config FILE` names the file, before MULTISWARM_CONFIG. */
  argv?: readonly string[];
  /** Path of a YAML or JSON file, before both. */
  file?: string;
}

export interface LoadedSettings {
  values: Settings;
  /** One line for each setting that was set but has no effect yet. */
  warnings: string[];
}

interface Given {
  value: unknown;
  from: string;
}

/**
 * Environment over file over default. Throws one `invalid-configuration` that lists every fault: which setting, where
 * it came from, what was given and what is allowed.
 */
export function loadSettings(service: ServiceName, options: LoadOptions): LoadedSettings {
  const findings: Finding[] = [];
  const given = new Map<SettingName, Given>();
  const path = options.file ?? configArgument(options.argv) ?? options.env['MULTISWARM_CONFIG'];
  if (path) findings.push(...addFromFile(path, given));
  addFromEnvironment(options.env, given);

  const warnings: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const setting = SETTINGS[name] as Setting<unknown>;
    const source = given.get(name);
    const value = source === undefined ? setting.default : setting.type.read(source.value);
    if (value === undefined && source) findings.push(notAllowed(name, setting, source));
    const later = source && value !== undefined ? laterWarning(name, setting, value) : undefined;
    if (later !== undefined && setting.services.includes(service)) warnings.push(later);
    values[name] = value === undefined || setting.laterValues?.includes(value) ? setting.default : value;
  }
  // Every name of the table has a value of its type now: its own, or the default.
  const settings = values as Settings;
  if (findings.length === 0) findings.push(...brokenRules(settings));
  if (findings.length > 0)
    throw new MultiswarmError('invalid-configuration', summary(findings), { findings });
  return { values: settings, warnings };
}

function configArgument(argv: readonly string[] = []): string | undefined {
  const at = argv.findIndex((argument) => argument === '--config' || argument.startsWith('--config='));
  const found = at < 0 ? undefined : argv[at];
  return found?.startsWith('--config=') ? found.slice('--config='.length) : at < 0 ? undefined : argv[at + 1];
}

/** An empty variable is an unset one: compose files and shells pass `NAME=` for "not given". */
function addFromEnvironment(env: LoadOptions['env'], given: Map<SettingName, Given>): void {
  for (const name of SETTING_NAMES) {
    const value = env[name];
    if (value !== undefined && value !== '') given.set(name, { value, from: 'environment' });
  }
}

function addFromFile(path: string, given: Map<SettingName, Given>): Finding[] {
  const file = readConfigFile(path);
  const findings = [...file.findings];
  const keys = new Map<SettingName, string>();
  for (const [key, value] of Object.entries(file.entries)) {
    const name = FILE_KEYS.get(key);
    const earlier = name && keys.get(name);
    if (name === undefined) findings.push(unknownKey(path, key));
    else if (earlier !== undefined) {
      findings.push({
        pointer: `/${key}`,
        code: 'duplicate-setting',
        message: `${path}: "${key}" and "${earlier}" set the same thing (${name})`,
      });
    } else {
      keys.set(name, key);
      if (value !== null) given.set(name, { value, from: path });
    }
  }
  return findings;
}

const camelCase = (key: string): string =>
  key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Every way to write each setting in a file: MAX_REGIONS, max_regions, maxRegions, and its other names. */
const FILE_KEYS: ReadonlyMap<string, SettingName> = new Map(
  SETTING_NAMES.flatMap((name) => {
    const snake = [name.toLowerCase(), ...((SETTINGS[name] as Setting<unknown>).aliases ?? [])];
    return [...snake, ...snake.map(camelCase), name].map((key) => [key, name] as const);
  }),
);

function unknownKey(path: string, key: string): Finding {
  const near = closest(key, [...FILE_KEYS.keys()]);
  const hint = near === undefined ? 'docs/configuration.md lists all settings' : `did you mean "${near}"?`;
  return {
    pointer: `/${key}`,
    code: 'unknown-setting',
    message: `${path}: there is no setting "${key}"; ${hint}`,
  };
}

function notAllowed(name: SettingName, { type }: Setting<unknown>, { value, from }: Given): Finding {
  const message = `${name} (from ${from}): given ${show(value)}; allowed: ${type.allowed}`;
  return { pointer: `/${name}`, code: 'not-allowed', message };
}

const SHOWN_CHARS = 80;

/** What was given, without the passwords that URLs may carry. */
function show(value: unknown): string {
  // The types leave out that undefined has no JSON.
  const text = (JSON.stringify(value) as string | undefined) ?? String(value);
  const safe = text.replace(/\/\/[^/@\s]*@/g, '//***@');
  return safe.length > SHOWN_CHARS ? `${safe.slice(0, SHOWN_CHARS)}…` : safe;
}

function laterWarning(name: SettingName, setting: Setting<unknown>, value: unknown): string | undefined {
  if (setting.since === 'later') return `${name} has no effect yet: ${setting.laterNote}`;
  if (!setting.laterValues?.includes(value)) return undefined;
  return `${name}=${String(value)} has no effect yet, ${String(setting.default)} is used: ${setting.laterNote}`;
}

function brokenRules(values: Settings): Finding[] {
  return RULES.filter((rule) => !rule.holds(values)).map(({ settings, message }) => ({
    pointer: `/${settings[0]}`,
    code: 'settings-disagree',
    message: `${message} (given: ${settings.map((name) => `${name}=${String(values[name])}`).join(', ')})`,
  }));
}

function summary(findings: readonly Finding[]): string {
  return findings.length === 1
    ? 'the configuration has a fault'
    : `the configuration has ${findings.length} faults`;
}
