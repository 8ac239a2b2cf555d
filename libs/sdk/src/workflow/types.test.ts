import { MultiswarmError } from '@multiswarm/contracts';
import { z } from 'zod';
import { defineTask } from '../define-task';
import { defineWorkflow } from './define-workflow';
import { ref, type Ref } from './reference';

/**
 * What does not fit does not compile: the compiler reads this file (`npm run typecheck`), and an expected error that does not come
 * is one.
 */
const score = defineTask({
  type: 'score',
  input: z.object({ text: z.string(), weight: z.number().optional() }),
  output: z.object({
    value: z.number(),
    label: z.string().optional(),
    best: z.object({ name: z.string() }).nullable(),
    parts: z.array(z.object({ name: z.string() })),
    weights: z.array(z.number()),
    byName: z.record(z.string(), z.number()),
  }),
});
const label = defineTask({ type: 'label', input: z.object({ label: z.string() }), output: z.string() });
const total = defineTask({
  type: 'total',
  input: z.object({ values: z.array(z.number()) }),
  output: z.number(),
});
const maybe = defineTask({ type: 'maybe', input: z.object({ value: z.number().nullable() }) });

/** Where a workflow is refused that was not compiled: the schemas say less than the types. */
function refusedAt(define: () => unknown): string[] {
  try {
    define();
  } catch (error) {
    if (error instanceof MultiswarmError) return error.findings.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

/** Compiles only where the two are the same type. */
function same<A>() {
  return <B>(_value: B, ..._proof: [A, B] extends [B, A] ? [] : ['another type']): void => undefined;
}

test('a reference has the type of what it stands for', () => {
  const define = (): unknown =>
    defineWorkflow({ input: z.object({ text: z.string(), tags: z.array(z.string()) }) }, (flow, input) => {
      const scored = flow.task('score', score, { text: input.text });
      flow.task('tag', score, { text: input.tags[0] });
      flow.task('whole', score, input);
      // @ts-expect-error a list is no text
      flow.task('list', score, { text: input.tags });
      // @ts-expect-error a number is no text
      flow.task('number', score, { text: scored.output.value });
      // @ts-expect-error the input has no such field
      flow.task('absent', score, { text: input.body });
      // @ts-expect-error the task takes no such field
      flow.task('unknown', score, { text: input.text, colour: 'red' });
      // @ts-expect-error text is missing
      expect(() => flow.task('missing', score, { weight: 1 })).toThrow('/input/text');
      // @ts-expect-error another object than the task takes
      flow.task('object', label, scored.output);
    });
  expect(refusedAt(define)).toEqual(['/tasks/3/inputs/text', '/tasks/4/inputs/text']);
});

test('what may be absent or null does not go where something has to be', () => {
  defineWorkflow({}, (flow) => {
    const scored = flow.task('score', score, { text: 'a' });
    // @ts-expect-error the label may be absent
    flow.task('label', label, { label: scored.output.label });
    flow.task('required', label, { label: ref.required(scored.output.label) });
    // @ts-expect-error what it is a field of may be null
    flow.task('best', label, { label: scored.output.best.name });
    const careless = flow.task('careless', total, { values: [1] }, { continueOnFailure: true });
    // @ts-expect-error null after a failure
    flow.task('sum', score, { text: 'a', weight: careless.output });
    flow.task('fine', maybe, { value: careless.output });
  });
});

test('lists, records and maps keep their types', () => {
  const define = (): unknown =>
    defineWorkflow({ input: z.object({ texts: z.array(z.string()) }) }, (flow, input) => {
      const scored = flow.map('score', input.texts, score, (text, index) => ({ text, weight: index }));
      same<Ref<string>>()(scored.output[0].parts[1].name);
      same<Ref<string>>()(ref.at(scored.output, -1).parts[0].name);
      same<Ref<number>>()(ref.at(scored.output[0].byName, 'a'));
      flow.task('total', total, { values: ref.each(scored.output, (one) => one.value) });
      // @ts-expect-error a list of texts
      flow.task('names', total, { values: ref.each(scored.output[0].parts, (part) => part.name) });
      // @ts-expect-error a text is no list
      flow.map('no-list', input.texts[0], score, (text) => ({ text }));
      // @ts-expect-error items are texts
      flow.map('items', input.texts, total, (text) => ({ values: text }));
      const counted = flow.map('count', input.texts, score, (text) => ({ text }), { collect: false });
      same<Ref<number>>()(counted.output.failed);
      const some = flow.map('some', input.texts, score, (text) => ({ text }), { toleratedFailures: 3 });
      // @ts-expect-error an item that failed is null
      flow.task('first', score, { text: 'a', weight: some.output[0].value });
    });
  expect(refusedAt(define)).toEqual(['/tasks/3/map/over', '/tasks/4/inputs/values']);
});

test('signals, approvals, sub-workflows and compensations have types', () => {
  const child = defineWorkflow({ input: z.object({ text: z.string() }) }, (flow, input) => {
    const scored = flow.task('score', score, { text: input.text });
    return [flow.task('total', total, { values: ref.each(scored.output.weights, (weight) => weight) })];
  });
  const define = (): unknown =>
    defineWorkflow({}, (flow) => {
      const told = flow.signal('told', { payload: z.object({ edition: z.number() }) });
      same<Ref<number>>()(told.output.edition);
      const asked = flow.approval('asked');
      same<Ref<string | null>>()(asked.output.note);
      const sub = flow.workflow('child', child, { text: 'a' });
      same<Ref<number>>()(sub.output.total);
      // @ts-expect-error the child takes a text
      flow.workflow('wrong', child, { text: told.output.edition });
      const named = flow.workflow('named', { definition: 'x', output: z.object({ n: z.number() }) }, {});
      same<Ref<number>>()(named.output.n);
      flow
        .task('score', score, { text: 'a' })
        .compensate(label, (output) => ({ label: output.parts[0].name }));
      // @ts-expect-error a number is no text
      flow.task('other', score, { text: 'a' }).compensate(label, (output) => ({ label: output.value }));
      flow.sleep('until', { until: flow.run.id });
      // @ts-expect-error a number is no instant
      flow.sleep('number', { until: told.output.edition });
    });
  expect(refusedAt(define)).toEqual(['/tasks/3/inputs/text', '/tasks/8/sleep/until']);
  const joined = (): unknown =>
    // @ts-expect-error no such join
    defineWorkflow({}, (flow) => void flow.task('join', label, { label: 'a' }, { join: 'some' }));
  expect(joined).toThrow('/tasks/0/join: expected all, any, none-failed');
  // @ts-expect-error a run needs its input
  expect(() => child.submission()).toThrow('expected');
  // @ts-expect-error of this type
  expect(() => child.submission({ text: 5 })).toThrow('expected');
});

test('what no schema knows goes anywhere', () => {
  defineWorkflow({}, (flow, input) => {
    const any = flow.task('any', 'whatever', { a: ref.at(input, 'a'), b: [1, { c: null }] });
    flow.task('score', score, { text: ref.at(any.output, 'title'), weight: any.output });
  });
});
