import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS, WorkflowSubmission } from '@multiswarm/contracts';
import { validateWorkflow } from '@multiswarm/workflow';
import { parse } from 'yaml';
import { z } from 'zod';
import { cel, createSwarm, defineTask, defineWorkflow } from '../src';

/** What the guide shows is written here once more, where the compiler sees it. */
const GUIDE = readFileSync(join(__dirname, '../../../docs/workflows.md'), 'utf8');
const OWN_TEXT = readFileSync(__filename, 'utf8');

function blocks(language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms');
  return Array.from(GUIDE.matchAll(fenced), ([, body = '']) => body);
}

const documents = [...blocks('yaml'), ...blocks('json')];

test.each(documents)('a workflow of the guide can run: %s', (text) => {
  const checked = validateWorkflow(parse(text));
  expect(checked.ok ? [] : checked.findings).toEqual([]);
});

const fetchPage = defineTask({
  type: 'fetch',
  input: z.object({ url: z.string() }),
  output: z.object({ text: z.string() }),
});
const summarize = defineTask({
  type: 'summarize',
  input: z.object({ text: z.string() }),
  output: z.object({ summary: z.string(), words: z.number() }),
});
const publish = defineTask({ type: 'publish', input: z.object({ summary: z.string() }) });

const digest = defineWorkflow({ name: 'digest', input: z.object({ url: z.string() }) }, (flow, input) => {
  const page = flow.task('fetch', fetchPage, { url: input.url });
  const short = flow.task('summarize', summarize, { text: page.output.text }, { retry: { maxAttempts: 5 } });
  const { summary, words } = short.output;
  return [flow.task('publish', publish, { summary }, { when: cel`${words} > 100` })];
});

test('the three ways to write a workflow write the same one', () => {
  const [yaml, json] = [documents[0], blocks('json')[0]].map((text) => parse(text ?? '') as unknown);
  expect(json).toEqual(yaml);
  const { tasks, dependencies } = WorkflowSubmission.parse(yaml);
  const built = WorkflowSubmission.parse(digest.submission({ url: 'https://example.com' }));
  expect(built.tasks.map(({ schemas: _schemas, ...step }) => step)).toEqual(tasks);
  expect(built.dependencies).toEqual(dependencies);
});

const swarm = createSwarm({ id: 'guide', region: 'eu-west', slots: 1 });
const split = (goal: string, _options: { signal: AbortSignal }): Promise<string[]> =>
  Promise.resolve(goal.split(' '));

function registerPlanner(): void {
  const plan = defineTask({ type: 'plan', input: z.object({ goal: z.string() }) });
  swarm.handle(plan, async ({ goal }, ctx) => {
    const parts = await split(goal, { signal: ctx.signal });
    await ctx.addSteps({
      tasks: [
        ...parts.map((part, index) => ({ id: `part-${index}`, task: 'work', input: { part } })),
        { id: 'report', task: 'report' },
      ],
      dependencies: { report: parts.map((_part, index) => `part-${index}`) },
    });
    return { parts: parts.length };
  });
}

/** Without indents. */
function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

test('the code of the guide is code that compiles', () => {
  registerPlanner();
  for (const code of blocks('ts')) expect(squeezed(OWN_TEXT)).toContain(squeezed(code).trim());
});

test('the guide names limits that there are', () => {
  const section = GUIDE.slice(GUIDE.indexOf('## Limits'));
  const named = Array.from(section.matchAll(/`([A-Z_]+)`/g), ([, name = '']) => name);
  expect(named.filter((name) => !(name in LIMITS))).toEqual([]);
});
