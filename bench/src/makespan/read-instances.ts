import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LIMITS } from '@multiswarm/contracts';
import { importWfcommons } from '@multiswarm/workflow';
import type { ReplayedStep } from './instance';

/** A recorded workflow. */
export interface Instance {
  name: string;
  /** With milliseconds as they were recorded. */
  steps: readonly ReplayedStep[];
}

/** Where a folder has none itself, they may be in this one of its folders. */
const SUBFOLDER = 'workflows';

/**
 * All WfCommons instances of a folder, or of `workflows` in it, by name; what is none, or cannot be replayed, with the reason.
 * Throws where there are none.
 */
export async function readInstances(
  folder: string,
): Promise<{ instances: Instance[]; skipped: { file: string; why: string }[] }> {
  const instances: Instance[] = [];
  const skipped: { file: string; why: string }[] = [];
  for (const file of await jsonFiles(folder)) {
    const read = toInstance(basename(file, '.json'), await readFile(file, 'utf8'));
    if (typeof read === 'string') skipped.push({ file, why: read });
    else instances.push(read);
  }
  if (instances.length === 0) throw new Error(`there is no WfCommons instance in ${folder}`);
  return { instances, skipped };
}

async function jsonFiles(folder: string): Promise<string[]> {
  const inner = join(folder, SUBFOLDER);
  const isThere = await stat(inner).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const from = isThere ? inner : folder;
  const names = await readdir(from);
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(from, name));
}

/** @returns why it cannot be replayed, where it cannot */
export function toInstance(name: string, text: string): Instance | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const { workflow, findings } = importWfcommons(document, 1);
  if (!workflow) return findings.map(({ pointer, message }) => `${pointer}: ${message}`)[0] ?? 'unreadable';
  if (workflow.tasks.length > LIMITS.WORKFLOW_STEPS)
    return `${workflow.tasks.length} steps, the limit is ${LIMITS.WORKFLOW_STEPS} (WORKFLOW_STEPS)`;
  const places = new Map(workflow.tasks.map(({ id }, at) => [id, at]));
  const steps = workflow.tasks.map(({ id, input }): ReplayedStep => ({
    holdMs: input.holdMs,
    parents: (workflow.dependencies[id] ?? []).flatMap((parent) => places.get(parent) ?? []),
  }));
  return steps.every(({ holdMs }) => holdMs === 0) ? 'no time was recorded' : { name, steps };
}
