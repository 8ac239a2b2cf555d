import { defineTask, defineWorkflow } from '@multiswarm/sdk';
import { z } from 'zod';

/** A file as a step found it and as it left it: all that is needed to take the change back. */
export const Edit = z.object({ file: z.string(), before: z.string(), after: z.string() });
export type Edit = z.infer<typeof Edit>;

const Sealed = z.object({ file: z.string(), files: z.number().int() });

export const bump = defineTask({
  type: 'release.bump',
  input: z.object({ copy: z.string(), version: z.string() }),
  output: Edit,
});
export const note = defineTask({
  type: 'release.note',
  input: z.object({ copy: z.string(), version: z.string(), text: z.string() }),
  output: Edit,
});
export const seal = defineTask({
  type: 'release.seal',
  input: z.object({ copy: z.string() }),
  output: Sealed,
});
export const publish = defineTask({
  type: 'release.publish',
  input: z.object({ copy: z.string(), registry: z.string(), version: z.string() }),
  output: z.object({ shelf: z.string() }),
});
export const restore = defineTask({ type: 'release.restore', input: Edit });
export const sealOff = defineTask({ type: 'release.seal-off', input: z.object({ file: z.string() }) });

export const release = defineWorkflow(
  {
    name: 'release',
    input: z.object({ copy: z.string(), registry: z.string(), version: z.string(), text: z.string() }),
  },
  (flow, { copy, registry, version, text }) => {
    const bumped = flow.task('bump', bump, { copy, version }).compensate(restore, (edit) => edit);
    const noted = flow
      .task('note', note, { copy, version, text }, { after: bumped })
      .compensate(restore, (edit) => edit);
    const sealed = flow
      .task('seal', seal, { copy }, { after: noted })
      .compensate(sealOff, ({ file }) => ({ file }));
    return [flow.task('publish', publish, { copy, registry, version }, { after: sealed })];
  },
);
