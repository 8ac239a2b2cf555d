import { LIMITS, type Finding, type WorkflowSubmission } from '@multiswarm/contracts';
import {
  detectFormat,
  IMPORT_FORMATS,
  importWorkflow,
  validateWorkflow,
  type ImportedBody,
  type ImportFormat,
  type ImportOptions,
} from '@multiswarm/workflow';
import { documentFault, EXIT, Fault } from '../faults';
import type { Io } from '../io';
import { parseDocuments, withLines } from './parse';
import { nameOf, readText } from './read-text';

export const WORKFLOW_FORMATS = ['brief', ...IMPORT_FORMATS] as const;
export type WorkflowFormat = (typeof WORKFLOW_FORMATS)[number];

/** What may be asked of the import of a file. */
export type ImportAsked = Omit<ImportOptions, 'format'>;

export interface LoadedWorkflow {
  /** What is to be submitted, as it was given: the server applies its own defaults. */
  body: unknown;
  steps: number;
  /** The same with all defaults. */
  workflow: WorkflowSubmission;
}

type Source = ReturnType<typeof parseDocuments>;

/**
 * Reads, converts and checks a workflow file. Everything that is wrong with it is one fault with all findings.
 * @param format undefined: told by the content
 */
export async function loadWorkflow(
  file: string,
  format: WorkflowFormat | undefined,
  asked: ImportAsked,
  io: Io,
): Promise<LoadedWorkflow> {
  const { source, known, body } = await readWorkflow(file, format, asked, io);
  return checked(source, known, body);
}

/** A workflow file, and what is wrong with it as far as can be said here. */
export interface CheckedWorkflow {
  body: unknown;
  steps: number;
  findings: readonly Finding[];
  /** The findings of others, with their lines where they have some. */
  placed(findings: readonly Finding[]): readonly Finding[];
}

/** The same, where others are to say what is wrong with it, too. @throws Fault where there is no workflow in the file */
export async function checkWorkflow(
  file: string,
  format: WorkflowFormat | undefined,
  asked: ImportAsked,
  io: Io,
): Promise<CheckedWorkflow> {
  const { source, known, body } = await readWorkflow(file, format, asked, io);
  const placed: CheckedWorkflow['placed'] = (findings) =>
    known === 'brief' ? withLines(source, findings) : findings;
  const result = validateWorkflow(body);
  if (!result.ok) return { body, steps: 0, findings: placed(result.findings), placed };
  checkSize(source.name, body);
  return { body, steps: result.workflow.tasks.length, findings: [], placed };
}

async function readWorkflow(
  file: string,
  format: WorkflowFormat | undefined,
  asked: ImportAsked,
  io: Io,
): Promise<{ source: Source; known: WorkflowFormat; body: unknown }> {
  const source = parseDocuments(file, await readText(file, io));
  const known = format ?? detectFormat(source.values) ?? 'brief';
  return { source, known, body: known === 'brief' ? onlyOne(source) : imported(source, known, asked, io) };
}

/** The same of a file in a format of others. @throws Fault also where it is none of these */
export async function importFile(
  file: string,
  format: ImportFormat | undefined,
  asked: ImportAsked,
  io: Io,
): Promise<LoadedWorkflow & { body: ImportedBody }> {
  const source = parseDocuments(file, await readText(file, io));
  const known = format ?? detectFormat(source.values);
  if (known === undefined) throw unknownFormat(file);
  const body = imported(source, known, asked, io);
  return { ...checked(source, known, body), body };
}

function checked(source: Source, format: WorkflowFormat, body: unknown): LoadedWorkflow {
  const { name } = source;
  const result = validateWorkflow(body);
  if (!result.ok)
    throw invalid(name, format === 'brief' ? withLines(source, result.findings) : result.findings);
  checkSize(name, body);
  return { body, steps: result.workflow.tasks.length, workflow: result.workflow };
}

function checkSize(name: string, body: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > LIMITS.HTTP_BODY_BYTES) throw tooLarge(name, bytes);
}

function onlyOne({ name, values }: Source): unknown {
  if (values.length === 1) return values[0];
  const message = `${values.length} documents: one workflow per file`;
  throw invalid(name, [{ pointer: '', code: 'several-documents', message }]);
}

function unknownFormat(file: string): Fault {
  return new Fault(`${nameOf(file)} is of no format that can be imported`, {
    code: 'usage',
    exit: EXIT.usage,
    hint: `these can: ${IMPORT_FORMATS.join(', ')}; --type says which one it is`,
  });
}

export function invalid(file: string, findings: readonly Finding[]): Error {
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return documentFault(`${nameOf(file)} cannot run as it is: ${count}; nothing was stored`, findings);
}

function tooLarge(file: string, bytes: number): Error {
  const message = `${bytes} bytes as JSON, the limit is ${LIMITS.HTTP_BODY_BYTES}`;
  return documentFault(
    `${nameOf(file)} is too large`,
    [{ pointer: '', code: 'body-too-large', message }],
    'body-too-large',
  );
}

function imported(source: Source, format: ImportFormat, asked: ImportAsked, io: Io): ImportedBody {
  const result = importWorkflow(source.values, { ...asked, format });
  if (!result.workflow) throw invalid(source.name, withLines(source, result.findings));
  const warnings = withLines(source, result.warnings).map(sentenceOf);
  const lines = [...shortened(result.notes), ...warnings];
  io.stderr.write(lines.map((line) => `${line}\n`).join(''));
  return result.workflow;
}

function sentenceOf({ pointer, message }: Finding): string {
  return `warning: ${pointer === '' ? '' : `${pointer}: `}${message}`;
}

const LISTED = 7;

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= LISTED) return [...lines];
  return [...lines.slice(0, LISTED), `… and ${lines.length - LISTED} more of these`];
}
