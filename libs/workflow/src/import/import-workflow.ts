import { LIMITS, type Finding } from '@multiswarm/contracts';
import { importArgo } from './argo/import-argo';
import type { Imported, ImportOptions } from './imported';
import { importWfcommons, type Import } from './wfcommons';
import { importWorfbench, worfbenchName } from './worfbench';

/** Makes a workflow of the documents of a file in a format of others. Everything that is wrong is told at once. */
export function importWorkflow(documents: readonly unknown[], options: ImportOptions): Imported {
  switch (options.format) {
    case 'argo':
      return importArgo(documents, options);
    case 'wfcommons':
      return oneOf(documents, options, wfcommonsName, (document) =>
        replayed(importWfcommons(document, options.timeScale), options.timeScale),
      );
    case 'worfbench':
      return oneOf(documents, options, worfbenchName, importWorfbench);
  }
}

const LISTED = 5;

/** A file with a workflow in each document: the one that was asked for by its name, or by its place from 1. */
function oneOf(
  documents: readonly unknown[],
  { name }: ImportOptions,
  nameOf: (document: unknown) => string | undefined,
  convert: (document: unknown) => Imported,
): Imported {
  const names = documents.map((document, index) => nameOf(document) ?? String(index + 1));
  if (name === undefined && documents.length === 1) return convert(documents[0]);
  const at = name === undefined ? -1 : chosen(names, name);
  if (at >= 0) return placedIn(convert(documents[at]), at, documents.length);
  const known = names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ', …' : '');
  const message =
    name === undefined
      ? `${documents.length} workflows: say which one with --name, one of ${known}, or its number`
      : `no workflow has the name "${name}", there are ${known}`;
  return refusal({ pointer: '', code: name === undefined ? 'several-workflows' : 'unknown-name', message });
}

/** Where it is; -1 where it is not. A number is a place, from 1, unless it is a name. */
export function chosen(names: readonly string[], name: string): number {
  const named = names.indexOf(name);
  if (named >= 0) return named;
  const place = /^\d{1,9}$/.test(name) ? Number(name) - 1 : -1;
  return place < names.length ? place : -1;
}

export function refusal(...findings: Finding[]): Imported {
  return { workflow: undefined, findings: findings.slice(0, LIMITS.FINDINGS), warnings: [], notes: [] };
}

/** Findings in a file of several documents begin with the number of theirs. */
function placedIn(imported: Imported, at: number, of: number): Imported {
  if (of === 1) return imported;
  const placed = (finding: Finding): Finding => ({ ...finding, pointer: `/${at}${finding.pointer}` });
  return { ...imported, findings: imported.findings.map(placed), warnings: imported.warnings.map(placed) };
}

function wfcommonsName(document: unknown): string | undefined {
  const named = document as { name?: unknown } | null;
  return typeof named?.name === 'string' ? named.name : undefined;
}

/** What the import decided by itself: the scale, names that changed, times that were not there. */
function replayed(result: Import, asked: number | undefined): Imported {
  const { workflow, findings, scale, criticalPathSeconds, renamed, warnings } = result;
  const replay = seconds(criticalPathSeconds * scale);
  const why =
    asked === undefined
      ? ` (chosen so that the longest chain takes about ${replay}; --time-scale sets it)`
      : '';
  return {
    workflow: workflow && { ...workflow },
    findings,
    warnings: warnings.map((message) => ({ pointer: '', code: 'no-runtime', message })),
    notes: [
      `replaying recorded time, not the recorded work: ${seconds(criticalPathSeconds)} on the longest chain become ${replay}`,
      `time scale ${Number(scale.toPrecision(6))}${why}`,
      ...renamed.map(({ from, to }) => `"${from}" is step ${to}`),
    ],
  };
}

function seconds(value: number): string {
  return `${Number(value.toFixed(3))} s`;
}
