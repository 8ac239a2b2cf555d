import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = join(__dirname, '../..');

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A compose file as docker reads it: anchors and `<<` resolved, variables left as written. */
export const readYaml = (path: string): unknown => parse(read(path), { merge: true });

/** The documents of a YAML text; throws at the first one that is not valid YAML. */
export function documents(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as unknown;
  });
}

/** `KEY=value` lines, comments and empty lines left out. */
export function readEnvFile(path: string): Record<string, string> {
  const lines = read(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The value that compose takes where the variable of `${NAME:-value}` is not set. */
export const defaultOf = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

/** The services of the repository: a folder of services/ is a service. */
export const SERVICES: readonly string[] = readdirSync(join(ROOT, 'services')).sort();

/** Those that keep something in Redis; the others must not be able to reach it. */
export const REDIS_CLIENTS: readonly string[] = SERVICES.filter((service) =>
  read(`services/${service}/package.json`).includes('"@multiswarm/store"'),
);
