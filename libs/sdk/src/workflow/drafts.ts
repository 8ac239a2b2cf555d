import { MultiswarmError } from '@multiswarm/contracts';
import type { StepOptions } from './types';
import { fields, pathOf } from './place';
import { placeOf, refTo, type Ref, type Reference } from './reference';

type Json = Record<string, unknown>;

/** A step that is being written. */
interface Draft {
  readonly json: Json;
  readonly after: ReadonlySet<string>;
}

/** The steps of one workflow while it is being defined, and what each of them looks at. */
export class Drafts {
  private readonly drafts = new Map<string, Draft>();

  /** A reference to what a run knows without any step. */
  refToRun<T>(...names: string[]): Ref<T> {
    return refTo<T>({ owner: this, segments: fields('run', ...names) });
  }

  refToStep<T>(step: string, name: string): Ref<T> {
    return refTo<T>({ owner: this, step, segments: fields('steps', step, name) });
  }

  /** Of an item of a map: `item`, `index`. */
  refToItem<T>(map: string, name: string): Ref<T> {
    return refTo<T>({ owner: this, map, segments: fields(name) });
  }

  /** The steps that references and options name come before it. */
  add(id: string, json: Json, options: StepOptions, references: readonly Reference<unknown>[]): void {
    if (this.drafts.has(id))
      throw new MultiswarmError('invalid-workflow', `"${id}" is the id of an earlier step: choose another`);
    const { after = [], when, join, metadata } = options;
    const condition = typeof when === 'string' ? { text: when, references: [] } : when;
    const before = new Set<string>();
    for (const reference of [...references, ...(condition?.references ?? [])]) {
      const { step } = this.checked(reference, id);
      if (step !== undefined) before.add(step);
    }
    for (const step of 'id' in after ? [after] : after) before.add(this.known(step.id));
    this.drafts.set(id, { json: { id, ...json, when: condition?.text, join, metadata }, after: before });
  }

  /** What undoes a step may look at every step. */
  compensate(id: string, json: Json, references: readonly Reference<unknown>[]): void {
    for (const reference of references) this.checked(reference, id);
    const draft = this.drafts.get(id);
    if (draft) draft.json['compensate'] = json;
  }

  /** The steps and dependencies, as plain JSON may have them. */
  written(): { tasks: Json[]; dependencies: Record<string, string[]> } {
    const dependencies: Record<string, string[]> = {};
    for (const [id, { after }] of this.drafts) if (after.size > 0) dependencies[id] = [...after];
    return { tasks: [...this.drafts.values()].map((draft) => toJson(draft)), dependencies };
  }

  private checked(reference: Reference<unknown>, id: string): { step?: string } {
    const { owner, map, step, segments } = placeOf(reference);
    if (owner !== this)
      throw new MultiswarmError(
        'invalid-workflow',
        `step "${id}" takes ${pathOf(segments)} of another workflow: give it as the input of this one`,
      );
    if (map !== undefined && map !== id)
      throw new MultiswarmError(
        'invalid-workflow',
        `step "${id}" takes ${pathOf(segments)} of the map "${map}", which only the items of that map have`,
      );
    return step === undefined ? {} : { step };
  }

  private known(id: string): string {
    if (this.drafts.has(id)) return id;
    throw new MultiswarmError('invalid-workflow', `"${id}" is no step of this workflow`);
  }
}

/**
 * Where a step takes nothing from the steps before it, no paths are written too: without the field the server would add their
 * outputs to its input, as `upstream`.
 */
function toJson({ json, after }: Draft): Json {
  const isWork = json['approval'] === undefined && json['sleep'] === undefined && json['type'] !== undefined;
  const takesNothing = json['inputs'] === undefined && (isWork || json['workflow'] !== undefined);
  return takesNothing && after.size > 0 ? { ...json, inputs: {} } : json;
}
