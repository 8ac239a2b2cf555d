import { LIMITS } from '@multiswarm/contracts';
import { RunInputs } from './run-inputs';

const inputSchema = {
  type: 'object',
  required: ['url'],
  properties: { url: { type: 'string', minLength: 3 }, pages: { type: 'integer' } },
  additionalProperties: false,
};

test('every fault of an input is found below /input, and one that fits has none', () => {
  const inputs = new RunInputs();
  const found = (input: unknown) =>
    inputs.findings({ input, inputSchema }).map(({ pointer, code }) => [pointer, code]);
  expect(found({ url: 'abc', pages: 2 })).toEqual([]);
  expect(found({ url: 'a', pages: 1.5, more: 1 })).toEqual([
    ['/input/more', 'additionalProperties'],
    ['/input/url', 'minLength'],
    ['/input/pages', 'type'],
  ]);
  expect(found(undefined)).toEqual([['/input', 'type']]);
  expect(() => inputs.check({ input: {}, inputSchema })).toThrow(
    expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining("'url'") }),
  );
});

test('workflows inside have their schemas looked at, and their inputs where a run adds nothing to them', () => {
  const inputs = new RunInputs();
  const uses = (id: string, more: object = {}) => ({ id, workflow: { tasks: [], inputSchema }, ...more });
  const within = (...tasks: object[]) => ({ id: 'deep', workflow: { tasks } });
  const broken = { id: 'broken', workflow: { tasks: [], inputSchema: { type: 'strnig' } } };
  const workflow = {
    tasks: [
      uses('a', { input: { url: 'abc' } }),
      uses('b', { input: { url: 'a' } }),
      uses('c', { inputs: '$.run.input' }),
      uses('d'),
      within(uses('e'), broken),
    ],
    dependencies: { d: ['a'] },
  };
  const expected = [
    ['/tasks/1/input/url', 'minLength'],
    ['/tasks/4/workflow/tasks/0/input', 'required'],
    ['/tasks/4/workflow/tasks/1/workflow/inputSchema', 'invalid-schema'],
  ];
  const found = inputs.findings(workflow).map(({ pointer, code }) => [pointer, code]);
  expect(found).toEqual(expected);
});

test('without a schema any input will do', () => {
  expect(new RunInputs().findings({ input: 7 })).toEqual([]);
  expect(new RunInputs().findings('nonsense')).toEqual([]);
});

test.each([
  [{ type: 'strnig' }],
  [{ $ref: 'https://example.com/schema.json' }],
  [{ pattern: '(' }],
  [{ enum: ['x'.repeat(LIMITS.INPUT_SCHEMA_BYTES)] }],
])('a schema that is none is told as such: %#', (schema) => {
  const inputs = new RunInputs();
  const expected = [{ pointer: '/inputSchema', code: 'invalid-schema' }];
  expect(inputs.schemaFindings({ inputSchema: schema })).toMatchObject(expected);
  expect(inputs.findings({ inputSchema: schema, input: 'a' })).toMatchObject(expected);
});

test('the same schema may come again under the same id', () => {
  const inputs = new RunInputs();
  const schema = (minimum: number) => ({ $id: 'https://example.com/one', minimum });
  for (const minimum of [1, 2, 1, 3]) {
    expect(inputs.findings({ input: minimum, inputSchema: schema(minimum) })).toEqual([]);
    expect(inputs.findings({ input: 0, inputSchema: schema(minimum) })).toHaveLength(1);
  }
});

test('a pattern that takes for ever holds nobody up', () => {
  const slow = { type: 'string', pattern: '^(a+)+$' };
  const findings = new RunInputs().findings({ input: `${'a'.repeat(40)}!`, inputSchema: slow });
  expect(findings).toMatchObject([
    { pointer: '/inputSchema', message: expect.stringContaining('INPUT_CHECK_MS') },
  ]);
});

test('so does a schema whose references never end', () => {
  const endless = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
  expect(() => new RunInputs().findings({ input: 1, inputSchema: endless })).not.toThrow();
});
