import { Handover, type Scope } from './scope';
import { member, type Ref, type Text } from './text';

/** What others may ask of a step when they speak of its outputs. */
export interface StepFacts {
  id: string;
  isMap: boolean;
  /** The name of the step inside, where the step is a run of its own around one step. */
  inside: string | undefined;
  /** Of a run inside: its parameters and artifacts, and where in the output they stand. */
  outputs: ReadonlyMap<string, string[]> | undefined;
}

/** One run: the workflow itself, or one inside. */
export class Frame {
  readonly steps = new Map<string, StepFacts>();
  /** Fields that its input has to have, with their values. */
  readonly own: Record<string, unknown> = {};
  readonly handover = new Handover();

  /** @param around what a run inside finds in the run around it; none of the outermost */
  constructor(
    private readonly around: Scope | undefined,
    private readonly facts: Scope,
  ) {}

  get isRoot(): boolean {
    return this.around === undefined;
  }

  /** Steps of the run, and what is said of the workflow. */
  readonly scope: Scope = (variable) => stepVariable(variable, this.steps) ?? this.workflow(variable);

  private workflow(variable: string): Text | undefined {
    if (!variable.startsWith('workflow.')) return undefined;
    if (!this.around) return this.facts(variable);
    const outside = this.around(variable);
    return outside && this.handover.text(variable, outside);
  }
}

const STEP_VARIABLE = /^(?:tasks|steps)\.([^.]+)\.(.+)$/;

/** `tasks.A.outputs.result` and the like. */
function stepVariable(variable: string, steps: ReadonlyMap<string, StepFacts>): Text | undefined {
  const [, name = '', asked = ''] = STEP_VARIABLE.exec(variable) ?? [];
  const step = steps.get(name);
  if (!step) return undefined;
  if (asked === 'exitCode') return [outputRef(variable, step, ['exitCode'])];
  if (asked === 'status') return [statusRef(variable, name)];
  const fields = outputFields(step, asked);
  return fields && [outputRef(variable, step, fields)];
}

/** Where in the output of the step it stands. */
function outputFields({ outputs }: StepFacts, asked: string): string[] | undefined {
  const [head, kind, ...rest] = asked.split('.');
  if (head !== 'outputs') return undefined;
  const name = rest.join('.');
  if (outputs) return outputs.get(`${kind ?? ''}.${name}`);
  if (kind === 'result' && name === '') return ['result'];
  if (kind === 'exitCode' || kind === undefined) return kind && [kind];
  if (kind !== 'parameters' && kind !== 'artifacts') return undefined;
  return name === '' ? [kind] : [kind, name];
}

function outputRef(key: string, { id, isMap, inside }: StepFacts, fields: readonly string[]): Ref {
  const within = [...(inside === undefined ? [] : [inside]), ...fields].map(member).join('');
  const output = `steps${member(id)}.output`;
  // Of a loop it is a list, and what items that were skipped or failed do not have is not in it.
  if (isMap) return { key, path: `$.${output}[*]${within}`, cel: undefined };
  return { key, path: `$.${output}${within}`, cel: `${output}${within}` };
}

/** In a condition how a step has ended, in the words of Argo. */
export function statusRef(key: string, step: string): Ref {
  const at = `steps${member(step)}.state`;
  const words = (state: string): string =>
    `(${state} == 'succeeded' ? 'Succeeded' : ${state} == 'skipped' ? 'Skipped' : 'Failed')`;
  return { key, path: undefined, cel: words(at), via: { key: `${step}.state`, path: `$.${at}`, cel: words } };
}
