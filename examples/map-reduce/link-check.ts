import { defineTask, defineWorkflow } from '@multiswarm/sdk';
import { z } from 'zod';

/** What a page has for others, and what it wants of them. */
export const Page = z.object({
  file: z.string(),
  /** Of its headings, as GitHub makes them. */
  anchors: z.array(z.string()),
  links: z.array(z.object({ line: z.number().int(), target: z.string() })),
});
export type Page = z.infer<typeof Page>;

export const DeadLink = z.object({
  file: z.string(),
  line: z.number().int(),
  target: z.string(),
  why: z.string(),
});
export type DeadLink = z.infer<typeof DeadLink>;

export const list = defineTask({
  type: 'link-check.list',
  input: z.object({ directory: z.string() }),
  output: z.object({ files: z.array(z.string()) }),
});
export const read = defineTask({
  type: 'link-check.read',
  input: z.object({ directory: z.string(), file: z.string() }),
  output: Page,
});
export const check = defineTask({
  type: 'link-check.check',
  input: z.object({ directory: z.string(), pages: z.array(Page) }),
  output: z.object({ pages: z.number().int(), links: z.number().int(), dead: z.array(DeadLink) }),
});

export const linkCheck = defineWorkflow(
  { name: 'link-check', input: z.object({ directory: z.string() }) },
  (flow, { directory }) => {
    const listed = flow.task('list', list, { directory });
    const pages = flow.map('read', listed.output.files, read, (file) => ({ directory, file }), {
      concurrency: 8,
    });
    return [flow.task('check', check, { directory, pages: pages.output })];
  },
);
