import type { Finding } from '@multiswarm/contracts';

/** Formats of others that become workflows. */
export const IMPORT_FORMATS = ['argo', 'wfcommons', 'worfbench'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** A workflow as it is submitted. */
export interface ImportedBody {
  name?: string;
  tasks: object[];
  dependencies: Record<string, string[]>;
  [field: string]: unknown;
}

export interface Imported {
  /** Undefined where there are findings. */
  workflow: ImportedBody | undefined;
  /** Why it cannot run as it was meant. With several documents each pointer begins with the number of its document, from 0. */
  findings: Finding[];
  /** What is carried over in another manner, and what somebody else has to see to. */
  warnings: Finding[];
  /** What the import decided by itself. */
  notes: string[];
}

/** What somebody asks for beside the file. */
export interface ImportOptions {
  format: ImportFormat;
  /** Which workflow, where the file has several. */
  name?: string | undefined;
  /** WfCommons: milliseconds of held slot per recorded millisecond. */
  timeScale?: number | undefined;
  /** Argo: the template to begin with, in place of the one that the workflow names. */
  entrypoint?: string | undefined;
  /** Argo: values of parameters of the workflow, in place of its own. */
  parameters?: Readonly<Record<string, string>> | undefined;
  /** Argo: leave out what has no counterpart, with a warning in place of the finding. */
  lossy?: boolean | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Text as it is, anything else as JSON. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
