import { WorkflowSubmission, type JsonValue } from '@multiswarm/contracts';
import {
  compileCondition,
  compilePath,
  type Path,
  type RunContext,
  type StepFacts,
} from '@multiswarm/workflow';
import { z } from 'zod';
import { defineTask } from '../define-task';
import { cel, type Condition } from './cel';
import { defineWorkflow } from './define-workflow';
import type { Flow } from './flow';
import { ref, type Ref } from './reference';

const Page = z.object({ title: z.string(), links: z.array(z.string()), language: z.string().optional() });
const Found = z.object({ pages: z.array(Page), bytes: z.number() });
const fetchPage = defineTask({
  type: 'fetch',
  input: z.object({ url: z.string(), depth: z.number().int().optional() }),
  output: Found,
  retry: { maxAttempts: 5 },
  requires: { capabilities: 'net' },
});
const summarize = defineTask({
  type: 'summarize',
  input: z.object({ title: z.string(), number: z.number().optional() }),
  output: z.object({ summary: z.string(), score: z.number() }),
});
const publish = defineTask({
  type: 'publish',
  input: z.object({ summaries: z.array(z.object({ summary: z.string() })), channel: z.string() }),
  output: z.object({ id: z.string() }),
});
const unpublish = defineTask({ type: 'unpublish', input: z.object({ id: z.string() }) });

const digest = defineWorkflow(
  { name: 'digest', input: z.object({ url: z.string(), channel: z.string() }), concurrency: 10 },
  (flow, input) => {
    const found = flow.task('fetch', fetchPage, { url: input.url, depth: 1 }, { priority: 'high' });
    const summaries = flow.map(
      'summarize',
      found.output.pages,
      summarize,
      (page, index) => ({ title: page.title, number: index }),
      { concurrency: 4 },
    );
    const review = flow.approval('review', { prompt: 'Publish?', approvers: ['dana'], after: summaries });
    const published = flow
      .task(
        'publish',
        publish,
        { summaries: summaries.output, channel: input.channel },
        { when: cel`${review.output.approved} && ${found.output.bytes} > 0` },
      )
      .compensate(unpublish, (output) => ({ id: output.id }));
    return [published];
  },
);

test('a workflow written as code is what people write in a file', () => {
  expect(digest.submission({ url: 'https://shop.example', channel: 'press' }, { namespace: 'shop' })).toEqual(
    {
      name: 'digest',
      namespace: 'shop',
      input: { url: 'https://shop.example', channel: 'press' },
      concurrency: 10,
      inputSchema: {
        type: 'object',
        properties: { url: { type: 'string' }, channel: { type: 'string' } },
        required: ['url', 'channel'],
      },
      tasks: [
        {
          id: 'fetch',
          type: 'fetch',
          input: { depth: 1 },
          inputs: { url: '$.run.input.url' },
          priority: 'high',
          retry: { maxAttempts: 5 },
          requirements: { capabilities: 'net' },
          schemas: expect.objectContaining({ input: expect.anything(), output: expect.anything() }),
        },
        {
          id: 'summarize',
          type: 'summarize',
          inputs: { title: '$.item.title', number: '$.index' },
          map: { over: '$.steps.fetch.output.pages', concurrency: 4 },
          schemas: expect.anything(),
        },
        { id: 'review', approval: { prompt: 'Publish?', approvers: ['dana'] } },
        {
          id: 'publish',
          type: 'publish',
          inputs: { summaries: '$.steps.summarize.output', channel: '$.run.input.channel' },
          when: 'steps.review.output.approved && steps.fetch.output.bytes > 0',
          schemas: expect.anything(),
          compensate: { type: 'unpublish', inputs: { id: '$.steps.publish.output.id' } },
        },
      ],
      dependencies: {
        summarize: ['fetch'],
        review: ['summarize'],
        publish: ['summarize', 'review', 'fetch'],
      },
    },
  );
});

const stepsOf = (workflow: { body: unknown }): Record<string, unknown>[] =>
  z.object({ tasks: z.array(z.record(z.string(), z.unknown())) }).parse(workflow.body).tasks;

test('what is written parses as a submission, and as one it is complete', () => {
  const parsed = WorkflowSubmission.parse(
    digest.submission({ url: 'https://shop.example', channel: 'press' }),
  );
  expect(parsed.tasks.map(({ id, type }) => [id, type])).toEqual([
    ['fetch', 'fetch'],
    ['summarize', 'summarize'],
    ['review', 'approval'],
    ['publish', 'publish'],
  ]);
});

test('each way to refer has its path', () => {
  const workflow = defineWorkflow({ input: z.object({ site: z.string() }) }, (flow, input) => {
    const { output } = flow.task('fetch-all', fetchPage, { url: input.site });
    flow.task('paths', 'any', {
      first: output.pages[0].title,
      last: ref.at(output.pages, -1).links,
      titles: ref.each(output.pages, (page) => page.title),
      some: ref.slice(output.pages, 1, 3),
      rest: ref.each(ref.slice(output.pages, 2), (page) => page.title),
      odd: ref.at(ref.at(input as never, "it's"), '7'),
      run: flow.run.id,
    });
    flow.task('whole', 'any', output.pages);
  });
  expect(stepsOf(workflow).slice(1)).toEqual([
    {
      id: 'paths',
      type: 'any',
      inputs: {
        first: "$.steps['fetch-all'].output.pages[0].title",
        last: "$.steps['fetch-all'].output.pages[-1].links",
        titles: "$.steps['fetch-all'].output.pages[*].title",
        some: "$.steps['fetch-all'].output.pages[1:3]",
        rest: "$.steps['fetch-all'].output.pages[2:].title",
        odd: "$.run.input['it\\'s']['7']",
        run: '$.run.id',
      },
    },
    { id: 'whole', type: 'any', inputs: "$.steps['fetch-all'].output.pages" },
  ]);
});

describe('a condition', () => {
  const conditionOf = (write: (flow: Flow) => ReturnType<typeof cel>): unknown =>
    stepsOf(defineWorkflow({}, (flow) => void flow.task('last', 'any', {}, { when: write(flow) }))).at(-1)?.[
      'when'
    ];

  test('has fields, items and lists as CEL writes them', () => {
    expect(
      conditionOf((flow) => {
        const { output, state } = flow.task('fetch-all', fetchPage, { url: 'a' });
        return cel`${state} == ${'succeeded'} && ${output.pages[0].title} in ${['a', 'b']} && ${ref.at(output.pages, -1).title} != ""
          && size(${ref.each(output.pages, (page) => page.title)}) > ${2}`;
      }),
    ).toBe(
      `steps['fetch-all'].state == "succeeded" && steps['fetch-all'].output.pages[0].title in ["a","b"]` +
        ` && steps['fetch-all'].output.pages[size(steps['fetch-all'].output.pages) - 1].title != ""
          && size(steps['fetch-all'].output.pages.map(each, each.title)) > 2`,
    );
  });

  test('quotes words of CEL and what is no name', () => {
    const any = conditionOf((flow) => {
      const { output } = flow.task('a', 'any');
      return cel`${ref.at(output, 'in')} || ${ref.at(output, 'it\'s \\ "so"')}`;
    });
    expect(any).toBe(`steps.a.output['in'] || steps.a.output['it\\'s \\\\ "so"']`);
  });

  test('makes dependencies, where it is a text it makes none', () => {
    const workflow = defineWorkflow({}, (flow) => {
      const { output } = flow.task('a', 'any');
      flow.task('b', 'any', {}, { when: cel`${output} > 1` });
      flow.task('c', 'any', {}, { when: 'run.input > 1' });
    });
    expect(workflow.body['dependencies']).toEqual({ b: ['a'] });
  });
});

test('a step behind others gets nothing from them that it does not take', () => {
  const workflow = defineWorkflow({}, (flow) => {
    const first = flow.task('first', 'any');
    flow.task('second', 'any', { a: 1 }, { after: first });
  });
  expect(stepsOf(workflow)[1]).toEqual({ id: 'second', type: 'any', input: { a: 1 }, inputs: {} });
});

test('every kind of step and option has its place', () => {
  const child = defineWorkflow({ name: 'child', input: z.object({ n: z.number() }) }, (flow, input) => {
    flow.task('work', 'any', { n: input.n });
  });
  const workflow = defineWorkflow({ onFailure: 'stop', budget: { usd: 2 } }, (flow, input) => {
    const told = flow.signal('told', {
      signal: 'released',
      payload: z.object({ n: z.number() }),
      timeoutMs: 5,
    });
    const nap = flow.sleep('nap', { ms: 10 }, { after: told, join: 'any' });
    flow.sleep('until', { until: new Date(0) }, { after: [told, nap] });
    flow.sleep('later', { until: ref.at(input, 'at') });
    flow.workflow('sub', child, { n: told.output.n }, { continueOnFailure: true, estimateMs: 7 });
    flow.workflow(
      'named',
      { definition: 'child', version: 2 },
      { n: 1 },
      { after: nap, join: { atLeast: 1 } },
    );
    flow.map('each', ref.at(input, 'list'), child, (item) => ({ n: ref.at(item, 'n') }), {
      toleratedFailures: 1,
      collect: false,
    });
    flow.map('whole', ref.at(input, 'list'), 'any', (item) => item, { metadata: { team: 'a' } });
    flow
      .task(
        'careless',
        'any',
        {},
        { continueOnFailure: true, waitFor: { signal: 'go', timeoutMs: 3 }, fairnessKey: 'acme' },
      )
      .compensate('undo', { why: 'failed' }, { priority: 'low' });
    flow.task('plain', 'any', 5).compensate('undo');
  });
  const { tasks, dependencies } = child.body;
  const inputSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
  expect(workflow.body).toEqual({
    onFailure: 'stop',
    budget: { usd: 2 },
    tasks: [
      {
        id: 'told',
        waitFor: { signal: 'released', timeoutMs: 5 },
        schemas: { output: { ...inputSchema, additionalProperties: false } },
      },
      { id: 'nap', sleep: { ms: 10 }, join: 'any' },
      { id: 'until', sleep: { until: '1970-01-01T00:00:00.000Z' } },
      { id: 'later', sleep: { until: '$.run.input.at' } },
      {
        id: 'sub',
        workflow: { tasks, dependencies },
        inputs: { n: '$.steps.told.output.n' },
        schemas: { input: inputSchema },
        continueOnFailure: true,
        estimateMs: 7,
      },
      {
        id: 'named',
        workflow: { definition: 'child', version: 2 },
        input: { n: 1 },
        inputs: {},
        join: { atLeast: 1 },
      },
      {
        id: 'each',
        workflow: { tasks, dependencies },
        inputs: { n: '$.item.n' },
        schemas: { input: inputSchema },
        map: { over: '$.run.input.list', toleratedFailures: 1, collect: false },
      },
      {
        id: 'whole',
        type: 'any',
        inputs: '$.item',
        map: { over: '$.run.input.list' },
        metadata: { team: 'a' },
      },
      {
        id: 'careless',
        type: 'any',
        continueOnFailure: true,
        waitFor: { signal: 'go', timeoutMs: 3 },
        fairnessKey: 'acme',
        compensate: { type: 'undo', input: { why: 'failed' }, inputs: {}, priority: 'low' },
      },
      { id: 'plain', type: 'any', input: 5, compensate: { type: 'undo' } },
    ],
    dependencies: { nap: ['told'], until: ['told', 'nap'], sub: ['told'], named: ['nap'] },
  });
});

describe('a mistake is told where it is made:', () => {
  const flowOf = (write: (flow: Flow) => unknown) => () => defineWorkflow({}, (flow) => void write(flow));

  test.each<[string, (flow: Flow) => unknown, string]>([
    [
      'two steps of one id',
      (flow) => [flow.task('a', 'any'), flow.task('a', 'any')],
      '"a" is the id of an earlier step: choose another',
    ],
    [
      'a reference inside a field',
      (flow) => flow.task('a', 'any', { list: [1, flow.run.id] as never }),
      'step "a": list: a reference is the whole input or a whole field of it, not a part of one: make it a field of its own',
    ],
    [
      'an item outside of its map',
      (flow) => {
        let kept: Ref<never> | undefined;
        flow.map('each', flow.task('a', 'any').output, 'any', (item) => (kept = item));
        flow.task('b', 'any', { item: kept as never });
      },
      'step "b" takes $.item of the map "each", which only the items of that map have',
    ],
    [
      'a step of another workflow',
      (flow) => {
        let other: Ref<never> | undefined;
        defineWorkflow({}, (inner) => void (other = inner.task('x', 'any').output));
        flow.task('a', 'any', { from: other as never });
      },
      'step "a" takes $.steps.x.output of another workflow: give it as the input of this one',
    ],
    [
      'a list of lists',
      (flow) => {
        const { output } = flow.task('a', fetchPage, { url: 'a' });
        return ref.each(output.pages, (page) => ref.each(page.links, (link) => link));
      },
      '$.steps.a.output.pages[*].links is one of many lists: map a step over them, or take the items of one',
    ],
    [
      'a field of a list that a path finds',
      (flow) => ref.slice(flow.task('a', fetchPage, { url: 'a' }).output.pages, 0, 2)[0],
      '$.steps.a.output.pages[0:2] finds several values, which are taken as one list: nothing can be behind it',
    ],
    [
      'an item by half a number',
      (flow) => ref.at(flow.task('a', fetchPage, { url: 'a' }).output.pages, 0.5),
      'an item of a list has a whole number, not 0.5',
    ],
    [
      'an input that does not fit',
      (flow) => flow.task('a', fetchPage, { url: 5 as never }),
      'step "a": /input/url: Invalid input: expected string, received number',
    ],
    [
      'what the contract refuses',
      (flow) => flow.approval('a', { approvers: [] }),
      '/tasks/0/approval/approvers: name at least one, or leave approvers out',
    ],
    ['no step at all', () => undefined, '/tasks: a workflow needs at least one task'],
  ])('%s', (_what, write, message) => {
    expect(flowOf(write)).toThrow(message);
  });

  test('a result that is none of the run', () => {
    const wrong = (): unknown =>
      defineWorkflow({}, (flow) => {
        const a = flow.task('a', 'any');
        flow.task('b', 'any', { a: a.output });
        return [a];
      });
    expect(wrong).toThrow(
      'the output of "a" is none of the run, because "b" depends on it: return steps on which nothing depends',
    );
  });

  test('a run with an input that does not fit', () => {
    expect(() => digest.submission({ url: 'https://shop.example' } as never)).toThrow('/input/channel');
  });
});

describe('what is written means in a run what it says in the code:', () => {
  const step = (output: JsonValue): StepFacts => ({ state: 'succeeded', output, error: null });
  const page = (title: string, ...links: string[]): JsonValue => ({ title, links });
  const context: RunContext = {
    run: { id: 'w1', name: null, input: { "it's": [7] } },
    steps: { 'fetch-all': step({ pages: [page('a', 'x'), page('b'), page('c', 'y', 'z')], bytes: 3 }) },
  };

  function flowOf(write: (flow: Flow, output: Ref<z.output<typeof Found>>, input: Ref<never>) => void) {
    return defineWorkflow({}, (flow, input) => {
      write(flow, flow.task('fetch-all', fetchPage, { url: 'a' }).output, ref.at(input, "it's"));
    });
  }

  function pathOf(text: string): Path {
    const compiled = compilePath(text);
    if (!compiled.ok) throw new Error(`${text}: ${compiled.message}`);
    return compiled.path;
  }

  test('paths', () => {
    const workflow = flowOf((flow, { pages }, odd) =>
      flow.task('paths', 'any', {
        first: pages[0].title,
        last: ref.at(pages, -1).links,
        titles: ref.each(pages, (each) => each.title),
        some: ref.slice(pages, 1, 3),
        rest: ref.each(ref.slice(pages, -1), (each) => each.title),
        odd: ref.at(odd, 0),
      }),
    );
    const inputs = z.record(z.string(), z.string()).parse(stepsOf(workflow)[1]?.['inputs']);
    const read = Object.entries(inputs).map(([field, text]) => [field, pathOf(text).read(context)]);
    expect(Object.fromEntries(read)).toEqual({
      first: 'a',
      last: ['y', 'z'],
      titles: ['a', 'b', 'c'],
      some: [page('b'), page('c', 'y', 'z')],
      rest: ['c'],
      odd: 7,
    });
    expect(pathOf(inputs['some'] ?? '').steps).toEqual(['fetch-all']);
  });

  test('conditions', () => {
    const isSo = (write: (output: Ref<z.output<typeof Found>>, odd: Ref<never>) => Condition): boolean => {
      const workflow = flowOf((flow, output, odd) => flow.task('a', 'any', {}, { when: write(output, odd) }));
      const compiled = compileCondition(String(stepsOf(workflow)[1]?.['when']));
      if (!compiled.ok) throw new Error(compiled.message);
      return compiled.condition.evaluate(context);
    };
    expect(isSo(({ bytes }) => cel`${bytes} > 2 && ${bytes} < ${3.5}`)).toBe(true);
    expect(isSo(({ pages }) => cel`${pages[1].title} == ${"it's"}`)).toBe(false);
    expect(isSo(({ pages }) => cel`${ref.at(pages, -1).title} in ${['b', 'c']}`)).toBe(true);
    expect(isSo(({ pages }) => cel`size(${ref.each(pages, (each) => each.title)}) == 3`)).toBe(true);
    expect(isSo((_output, odd) => cel`${ref.at(odd, 0)} == 7`)).toBe(true);
  });
});
