import { LIMITS, type Finding, type WorkflowSubmission } from '@multiswarm/contracts';
import { importWfcommons, validateWorkflow, type Import } from '@multiswarm/workflow';
import { documentFault } from '../faults';
import type { Io } from '../io';
import { parseDocument, withLines } from './parse';
import { nameOf, readText } from './read-text';

export const WORKFLOW_FORMATS = ['brief', 'wfcommons'] as const;
export type WorkflowFormat = (typeof WORKFLOW_FORMATS)[number];

export interface LoadedWorkflow {
  /** What is to be submitted, as it was given: the server applies its own defaults. */
  body: unknown;
  steps: number;
  /** The same with all defaults. */
  workflow: WorkflowSubmission;
}

/** Reads, converts and checks a workflow file. Everything that is wrong with it is one fault with all findings. */
export async function loadWorkflow(
  file: string,
  format: WorkflowFormat,
  timeScale: number | undefined,
  io: Io,
): Promise<LoadedWorkflow> {
  const document = parseDocument(file, await readText(file, io));
  const body = format === 'wfcommons' ? imported(file, document, timeScale, io) : document.value;
  const checked = validateWorkflow(body);
  if (!checked.ok)
    throw invalid(file, format === 'brief' ? withLines(document, checked.findings) : checked.findings);
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > LIMITS.HTTP_BODY_BYTES) throw tooLarge(file, bytes);
  return { body, steps: checked.workflow.tasks.length, workflow: checked.workflow };
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

function imported(
  file: string,
  document: ReturnType<typeof parseDocument>,
  timeScale: number | undefined,
  io: Io,
): unknown {
  const result = importWfcommons(document.value, timeScale);
  if (!result.workflow) throw invalid(file, withLines(document, result.findings));
  io.stderr.write(importReport(result, timeScale));
  return result.workflow;
}

const LISTED = 5;

/** What the import decided by itself: the scale, names that changed, times that were not there. */
function importReport(result: Import, asked: number | undefined): string {
  const { scale, criticalPathSeconds, renamed, warnings } = result;
  const replay = formatSeconds(criticalPathSeconds * scale);
  const chosen =
    asked === undefined
      ? ` (chosen so that the longest chain takes about ${replay}; --time-scale sets it)`
      : '';
  const lines = [
    `replaying recorded time, not the recorded work: ${formatSeconds(criticalPathSeconds)} on the longest chain become ${replay}`,
    `time scale ${Number(scale.toPrecision(6))}${chosen}`,
    ...shortened(renamed.map(({ from, to }) => `"${from}" is step ${to}`)),
    ...shortened(warnings.map((warning) => `warning: ${warning}`)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= LISTED) return [...lines];
  return [...lines.slice(0, LISTED), `… and ${lines.length - LISTED} more of these`];
}

function formatSeconds(seconds: number): string {
  return `${Number(seconds.toFixed(3))} s`;
}
