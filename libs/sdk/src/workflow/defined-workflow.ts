import { MultiswarmError, summarize, toFindings, type JsonValue } from '@multiswarm/contracts';
import type { z } from 'zod';
import type { RunOptions, WorkflowJson } from './types';

declare const RESULT: unique symbol;

/** What a run is submitted as: plain JSON. Its type knows what `result()` of the run brings. */
export type Submission<Out> = WorkflowJson & { readonly [RESULT]: () => Out };

/** What a run brings: of a step of which no schema knows the output, any JSON. */
export type RunResult<Out> = [Out] extends [never]
  ? Record<string, JsonValue>
  : { [Step in keyof Out]: [Out[Step]] extends [never] ? JsonValue : Out[Step] };

/** A workflow with its types. Made by `defineWorkflow`. */
export class DefinedWorkflow<In extends z.ZodType, out Out> {
  declare readonly [RESULT]?: () => Out;

  constructor(
    readonly name: string | undefined,
    /** What a definition consists of, as plain JSON: steps, dependencies, bounds and the schema of the input. */
    readonly body: WorkflowJson,
    private readonly input: In | undefined,
  ) {}

  /**
   * A run of it, as `submitWorkflow` takes it. Throws `invalid-request`, with every fault, where the input does not fit.
   * It is sent as it is given: defaults of the schema are for whoever reads it.
   */
  submission(
    ...[input, options = {}]: undefined extends z.input<In>
      ? [input?: z.input<In>, options?: RunOptions]
      : [input: z.input<In>, options?: RunOptions]
  ): Submission<Out> {
    const parsed = this.input?.safeParse(input);
    if (parsed && !parsed.success) {
      const findings = toFindings(parsed.error, ['input']);
      throw new MultiswarmError('invalid-request', summarize(findings), { findings });
    }
    const name = this.name === undefined ? {} : { name: this.name };
    // The result is there for the types alone.
    return plain({ ...name, ...this.body, ...options, input }) as Submission<Out>;
  }
}

/** Plain JSON: fields that are undefined are none. */
export function plain(value: object): WorkflowJson {
  return JSON.parse(JSON.stringify(value)) as WorkflowJson; // it was printed here
}
