import { MultiswarmError, summarize } from '@multiswarm/contracts';
import { validateWorkflow } from '@multiswarm/workflow';
import type { z } from 'zod';
import type { AnyJson } from '../define-task';
import { DefinedWorkflow, plain } from './defined-workflow';
import { Drafts } from './drafts';
import { Flow } from './flow';
import type { Known, Ref } from './reference';
import { jsonSchemaOf } from './step-json';
import type { AnyStep, DefinedStep, WorkflowOptions } from './types';

/** The outputs of these steps, by step. */
type Outputs<Steps> = Steps extends readonly AnyStep[]
  ? { [S in Steps[number] as S['id']]: S extends DefinedStep<infer Out> ? Out : never }
  : never;

/**
 * A workflow, written as code. `build` is called once, here, and makes the steps; what it returns, steps on which nothing
 * depends, says of which type the outputs of a run are.
 *
 *     const digest = defineWorkflow({ name: 'digest', input: z.object({ url: z.string() }) }, (flow, input) => {
 *       const page = flow.task('fetch', fetchPage, { url: input.url });
 *       return [flow.task('summarize', summarize, { title: page.output.title, words: 100 })];
 *     });
 *     const run = await client.submitWorkflow(digest.submission({ url: 'https://example.com' }));
 *
 * Throws `invalid-workflow`, with every finding.
 */
export function defineWorkflow<
  In extends z.ZodType = AnyJson,
  const Steps extends readonly AnyStep[] | void = void,
>(
  options: WorkflowOptions<In>,
  build: (flow: Flow, input: Ref<Known<z.input<In>>>) => Steps,
): DefinedWorkflow<In, Outputs<Steps>> {
  const { name, input, ...conduct } = options;
  const drafts = new Drafts();
  const results = build(new Flow(drafts), drafts.refToRun('input'));
  const inputSchema = input && jsonSchemaOf(input, 'input');
  const { tasks, dependencies } = drafts.written();
  const body = plain({ ...conduct, inputSchema, tasks, dependencies });
  checkResults(results ?? [], dependencies);
  const validation = validateWorkflow({ ...(name === undefined ? {} : { name }), ...body });
  if (validation.ok) return new DefinedWorkflow(name, body, input);
  const { findings } = validation;
  throw new MultiswarmError('invalid-workflow', summarize(findings), { findings });
}

/** Only the outputs of steps on which nothing depends are those of a run. */
function checkResults(
  results: readonly AnyStep[],
  dependencies: Readonly<Record<string, readonly string[]>>,
): void {
  for (const { id } of results) {
    const behind = Object.entries(dependencies).find(([, upstream]) => upstream.includes(id));
    if (behind)
      throw new MultiswarmError(
        'invalid-workflow',
        `the output of "${id}" is none of the run, because "${behind[0]}" depends on it: return steps on which nothing depends`,
      );
  }
}
