import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { Finding } from '@multiswarm/contracts';

export interface ConfigFile {
  entries: Record<string, unknown>;
  findings: Finding[];
}

/** Reads a flat YAML or JSON mapping (JSON is YAML); what is wrong with it becomes findings, with line and column. */
export function readConfigFile(path: string): ConfigFile {
  const broken = (code: string, message: string): ConfigFile => ({
    entries: {},
    findings: [{ pointer: '', code, message: `${path}: ${message}` }],
  });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return broken(
      'unreadable-file',
      `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
    );
  }
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    const findings = document.errors.map(({ code, message }) => ({
      pointer: '',
      code: code.toLowerCase().replaceAll('_', '-'),
      message: `${path}: ${message.split('\n', 1)[0]}`,
    }));
    return { entries: {}, findings };
  }
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return { entries: {}, findings: [] };
  if (typeof value !== 'object' || Array.isArray(value))
    return broken('not-a-mapping', 'must be a mapping of settings');
  return { entries: value as Record<string, unknown>, findings: [] };
}
