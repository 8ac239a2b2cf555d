import { defineTask, defineWorkflow, type AddedSteps } from '@multiswarm/sdk';
import { z } from 'zod';
import type { HardFunction } from './sources';

/** What a closer look at one function has found. */
export const Finding = z.object({
  file: z.string(),
  line: z.number().int(),
  name: z.string(),
  complexity: z.number().int(),
  lines: z.number().int(),
  depth: z.number().int(),
  callers: z.number().int(),
});
export type Finding = z.infer<typeof Finding>;

export const Report = z.object({ functions: z.number().int(), findings: z.array(Finding) });

export const plan = defineTask({
  type: 'code-review.plan',
  input: z.object({ directory: z.string(), limit: z.number().int() }),
  output: z.object({ functions: z.number().int(), hard: z.number().int() }),
});
export const inspect = defineTask({
  type: 'code-review.inspect',
  input: z.object({ directory: z.string(), file: z.string(), line: z.number().int() }),
  output: Finding,
});
export const report = defineTask({
  type: 'code-review.report',
  input: z.object({ functions: z.number().int(), upstream: z.record(z.string(), Finding).optional() }),
  output: Report,
});

/** All that is known from the beginning. */
export const review = defineWorkflow(
  { name: 'code-review', input: z.object({ directory: z.string(), limit: z.number().int() }) },
  (flow, { directory, limit }) => {
    flow.task('plan', plan, { directory, limit });
  },
);

/** What is known when somebody has looked. The same code makes the same plan: an attempt that plans again adds nothing twice. */
export function planOf(directory: string, functions: number, hard: readonly HardFunction[]): AddedSteps {
  const looks = hard.map(({ file, line }, index) => ({
    id: `inspect-${index + 1}`,
    task: inspect,
    input: { directory, file, line },
  }));
  const last = { id: 'report', task: report, input: { functions } };
  // Without dependencies it waits for the planner; of what that one has found it takes nothing.
  if (looks.length === 0) return { tasks: [{ ...last, inputs: {} }] };
  return { tasks: [...looks, last], dependencies: { report: looks.map(({ id }) => id) } };
}
