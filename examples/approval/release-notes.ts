import { defineTask, defineWorkflow } from '@multiswarm/sdk';
import { z } from 'zod';

export const Notes = z.object({ text: z.string(), changes: z.number().int() });
export type Notes = z.infer<typeof Notes>;

export const draft = defineTask({
  type: 'release-notes.draft',
  input: z.object({ changelog: z.string() }),
  output: Notes,
});
export const publish = defineTask({
  type: 'release-notes.publish',
  input: z.object({
    run: z.string(),
    notes: Notes,
    approvedBy: z.string().nullable(),
    remark: z.string().nullable(),
  }),
  output: z.object({ file: z.string() }),
});

const DAY_MS = 86_400_000;

export const releaseNotes = defineWorkflow(
  { name: 'release-notes', input: z.object({ changelog: z.string() }) },
  (flow, { changelog }) => {
    const drafted = flow.task('draft', draft, { changelog });
    const review = flow.approval('review', {
      prompt: 'May these notes be published?',
      timeoutMs: DAY_MS,
      after: drafted,
    });
    const published = flow.task('publish', publish, {
      run: flow.run.id,
      notes: drafted.output,
      approvedBy: review.output.by,
      remark: review.output.note,
    });
    return [published];
  },
);
