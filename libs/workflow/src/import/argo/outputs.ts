import { fieldsOf, textOf } from '../imported';
import { byName } from './arguments';
import { mentioned } from './depends';
import type { Frame } from './frame';
import type { ArgoTask } from './graph';
import type { Template } from './manifest';

/** Outputs of a run inside that are outputs of its last steps, which its output has; by `parameters.` or `artifacts.` and their name. */
export function outputsOf(
  { fields }: Template,
  frame: Frame,
  tasks: readonly ArgoTask[],
): Map<string, string[]> {
  const waited = new Set(tasks.flatMap(({ depends }) => (depends ? mentioned(depends) : [])));
  const declared = fieldsOf(fields['outputs']);
  const outputs = new Map<string, string[]>();
  const add = (key: string, from: string | undefined): void => {
    const [, task = '', kind = '', name] = OUTPUT.exec(from ?? '') ?? [];
    const facts = frame.steps.get(task);
    if (!facts || waited.has(task) || facts.isMap || facts.outputs) return;
    outputs.set(key, [facts.id, kind, ...(name === undefined ? [] : [name])]);
  };
  for (const [name, one] of byName(declared['parameters']))
    add(`parameters.${name}`, textOf(fieldsOf(one['valueFrom'])['parameter']));
  for (const [name, one] of byName(declared['artifacts'])) add(`artifacts.${name}`, textOf(one['from']));
  return outputs;
}

/** A text that is an output of a step and nothing else. */
const OUTPUT =
  /^\{\{\s*(?:tasks|steps)\.([^.}]+)\.outputs\.(result|parameters|artifacts)(?:\.([^}]+?))?\s*\}\}$/;
