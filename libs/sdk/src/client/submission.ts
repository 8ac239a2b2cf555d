import { MultiswarmError, summarize, toFindings } from '@multiswarm/contracts';
import type { z } from 'zod';
import { definitionOf, type TaskOrType } from '../define-task';
import type { BatchItem, StepInput, WorkflowDocument, WorkflowInput } from './types';

type Fields = Readonly<Record<string, unknown>>;
export type WorkOptions = Omit<BatchItem, 'task' | 'input'>;

const WORK_OPTIONS: Readonly<Record<keyof WorkOptions, true>> = {
  requirements: true,
  requires: true,
  routing: true,
  retry: true,
  timeouts: true,
  priority: true,
  estimateMs: true,
  fairnessKey: true,
  limitKeys: true,
  metadata: true,
  namespace: true,
  idempotencyKey: true,
  notBefore: true,
  waitFor: true,
};

/** What is sent for one task; fields that are undefined are none. Throws `invalid-request`, with every fault, when the input does not fit the definition. */
export function toSubmission(
  task: TaskOrType<z.ZodType, z.ZodType>,
  input: unknown,
  options: WorkOptions,
  key: string,
): Fields {
  checkInput(task, input);
  checkOptions(options);
  return toWork(task, input, options, options.idempotencyKey ?? key);
}

/** What is sent for a workflow: definitions are written out, anything else is left as it is for the server to judge. */
export function toWorkflow(workflow: WorkflowInput | WorkflowDocument, key?: string): Fields {
  const fields: Fields = { ...workflow };
  const tasks = Array.isArray(fields['tasks']) ? (fields['tasks'] as unknown[]).map(toStep) : fields['tasks'];
  return defined({ ...fields, tasks, ...(key === undefined ? {} : { idempotencyKey: key }) });
}

function toStep(step: unknown): unknown {
  if (!isStepInput(step)) return step;
  const {
    id,
    task,
    input,
    requires,
    requirements,
    routing,
    retry,
    timeouts,
    priority,
    estimateMs,
    fairnessKey,
    limitKeys,
    metadata,
    ...rest
  } = step;
  const how = {
    requires,
    requirements,
    routing,
    retry,
    timeouts,
    priority,
    estimateMs,
    fairnessKey,
    limitKeys,
  };
  const options = defined({ ...how, metadata });
  // What is left over is no field of a step; the server names it.
  return defined({ ...rest, id, ...toWork(task, input, options) });
}

function isStepInput(step: unknown): step is StepInput {
  return typeof step === 'object' && step !== null && 'task' in step;
}

/** One literal with every field, because it is made for each of many tasks; steps have some of them only. */
export function toWork(
  task: TaskOrType<z.ZodType, z.ZodType>,
  input: unknown,
  options: WorkOptions,
  idempotencyKey?: string,
): Fields {
  const definition = definitionOf(task);
  return {
    type: definition.type,
    input,
    requirements: options.requirements ?? options.requires ?? definition.requires,
    routing: options.routing ?? definition.routing,
    retry: options.retry ?? definition.retry,
    timeouts: options.timeouts ?? definition.timeouts,
    priority: options.priority ?? definition.priority,
    estimateMs: options.estimateMs ?? definition.estimateMs,
    fairnessKey: options.fairnessKey ?? definition.fairnessKey,
    limitKeys: options.limitKeys ?? definition.limitKeys,
    metadata: options.metadata,
    namespace: options.namespace,
    idempotencyKey,
    notBefore: options.notBefore,
    waitFor: options.waitFor,
  };
}

/** Where types are not checked, a misspelt option would be a time limit that nobody keeps. */
function checkOptions(options: WorkOptions): void {
  for (const name in options) {
    if (Object.hasOwn(WORK_OPTIONS, name)) continue;
    const message = `unknown option "${name}": remove it or check its spelling`;
    const findings = [{ pointer: `/${name}`, code: 'unknown-option', message }];
    throw new MultiswarmError('invalid-request', message, { findings });
  }
}

function checkInput(task: TaskOrType<z.ZodType, z.ZodType>, input: unknown): void {
  const parsed = definitionOf(task).input?.safeParse(input);
  if (!parsed || parsed.success) return;
  const findings = toFindings(parsed.error, ['input']);
  throw new MultiswarmError('invalid-request', summarize(findings), { findings });
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
