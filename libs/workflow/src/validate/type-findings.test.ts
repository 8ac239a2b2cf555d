import { validateWorkflow } from './validate-workflow';

type Schema = Record<string, unknown>;

const object = (properties: Schema, more: Schema = {}): Schema => ({ type: 'object', properties, ...more });
const closed = (properties: Schema, more: Schema = {}): Schema =>
  object(properties, { additionalProperties: false, ...more });

/** Findings of a step `b` behind a step `a`, in a run with an input. */
function findings(b: object, schemaOfA?: unknown, inputSchema?: unknown): string[] {
  const a = { id: 'a', type: 'work', ...(schemaOfA === undefined ? {} : { schemas: { output: schemaOfA } }) };
  const result = validateWorkflow({
    tasks: [a, { id: 'b', type: 'work', ...b }],
    dependencies: { b: ['a'] },
    ...(inputSchema === undefined ? {} : { inputSchema }),
  });
  return result.ok
    ? []
    : result.findings.map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
}

const NOWHERE = 'leads-nowhere: by the schemas there can be nothing at this path';
const OUTPUT = closed(
  {
    title: { type: 'string' },
    score: { type: 'integer' },
    list: { type: 'array', items: closed({ n: { type: 'number' } }) },
    open: { type: 'object' },
    either: { anyOf: [closed({ x: { type: 'string' } }), closed({ y: { type: 'string' } })] },
    pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    tree: { $ref: '#/$defs/tree' },
    maybe: { type: ['string', 'null'] },
    constant: { const: 3 },
  },
  {
    $defs: {
      tree: closed({
        children: { type: 'array', items: { $ref: '#/$defs/tree' } },
        name: { type: 'string' },
      }),
    },
  },
);

test.each([
  '$.steps.a.output.title',
  '$.steps.a.output.list[0].n',
  '$.steps.a.output.list[*].m',
  '$.steps.a.output.open.anything.at.all',
  '$.steps.a.output.either.x',
  '$.steps.a.output.pair[1]',
  '$.steps.a.output.tree.children[0].children[1].name',
  '$.steps.a.error.message',
  '$.steps.a.state',
  '$.run.name',
  '$.run.input.whatever',
])('%s may lead somewhere', (path) => {
  expect(findings({ inputs: { x: path } }, OUTPUT)).toEqual([]);
});

test.each([
  '$.steps.a.output.titel',
  '$.steps.a.output.title.length',
  '$.steps.a.output.list.n',
  '$.steps.a.output.list[0].m',
  '$.steps.a.output.score[0]',
  '$.steps.a.output.either.z',
  '$.steps.a.output.pair[2]',
  '$.steps.a.output.tree.children[0].nam',
  '$.steps.a.output.constant.x',
  '$.steps.a.output.titel[*]',
  '$.steps.a.outptu',
  '$.steps.a.error.text',
  '$.run.inputs',
])('%s leads nowhere', (path) => {
  expect(findings({ inputs: { x: path } }, OUTPUT)).toEqual([`/tasks/1/inputs/x ${NOWHERE}`]);
});

test('what a schema leaves open is not found', () => {
  for (const schema of [
    undefined,
    {},
    { type: 'object' },
    object({ a: {} }),
    { patternProperties: { '^x': {} } },
    { $ref: 'https://example.org/x' },
    { $ref: '#/nowhere' },
    { not: {} },
  ])
    expect(findings({ inputs: { x: '$.steps.a.output.title.text[0]' } }, schema)).toEqual([]);
});

test('the input of the run is known by its schema', () => {
  const schema = closed({ n: { type: 'number' } });
  expect(findings({ inputs: { x: '$.run.input.n', y: '$.run.input.m' } }, undefined, schema)).toEqual([
    `/tasks/1/inputs/y ${NOWHERE}`,
  ]);
});

test('what a path leads to has to fit what the step takes', () => {
  const input = object(
    { text: { type: 'string' }, n: { type: 'number' }, list: { type: 'array' } },
    { additionalProperties: false },
  );
  const inputs = {
    text: '$.steps.a.output.score',
    n: '$.steps.a.output.score',
    list: '$.steps.a.output.list[*].n',
    other: '$.steps.a.output.title',
  };
  expect(findings({ inputs, schemas: { input } }, OUTPUT)).toEqual([
    '/tasks/1/inputs/text type-mismatch: the field "text" of the input of the step must be string; this is integer',
    '/tasks/1/inputs/other type-mismatch: the field "other" of the input of the step cannot be there by its schema',
  ]);
  expect(findings({ inputs: { text: '$.steps.a.output.maybe' }, schemas: { input } }, OUTPUT)).toEqual([]);
});

test('a path that is the whole input has to be what the step takes', () => {
  const schemas = { input: object({ title: {} }, { required: ['title', 'extra'] }) };
  expect(findings({ inputs: '$.steps.a.output.title', schemas }, OUTPUT)).toEqual([
    '/tasks/1/inputs type-mismatch: the input of the step must be object; this is string',
    '/tasks/1 missing-input: the schema of the input requires "title", and nothing gives it',
    '/tasks/1 missing-input: the schema of the input requires "extra", and nothing gives it',
  ]);
  expect(findings({ inputs: '$.steps.a.output', schemas }, OUTPUT)).toEqual([
    '/tasks/1 missing-input: the schema of the input requires "extra", and nothing gives it',
  ]);
  expect(findings({ inputs: '$.steps.a.output', schemas })).toEqual([]);
});

test('what the schema of the input requires has to come from somewhere', () => {
  const schemas = { input: { allOf: [{ required: ['a', 'b'] }, { required: ['upstream'] }] } };
  expect(findings({ input: { a: 1 }, schemas })).toEqual([
    '/tasks/1 missing-input: the schema of the input requires "b", and nothing gives it',
  ]);
  expect(findings({ input: { a: 1 }, inputs: { b: '$.run.id' }, schemas })).toEqual([
    '/tasks/1 missing-input: the schema of the input requires "upstream", and nothing gives it',
  ]);
  expect(
    findings({
      map: { over: '$.run.input' },
      schemas: { input: { required: ['item', 'index', 'upstream'] } },
    }),
  ).toEqual([]);
});

test('a map goes over a list, and its items are the elements of that list', () => {
  const item = object({ n: { type: 'number' }, text: { type: 'string' } });
  const mapped = (over: string, inputs: object): string[] =>
    findings({ map: { over }, inputs, schemas: { input: item } }, OUTPUT);
  expect(mapped('$.steps.a.output.title', {})).toEqual([
    '/tasks/1/map/over map-over-no-list: a map goes over a list; this is string',
  ]);
  expect(mapped('$.steps.a.output.list', { n: '$.item.n', text: '$.item.m' })).toEqual([
    `/tasks/1/inputs/text ${NOWHERE}`,
  ]);
  expect(mapped('$.steps.a.output.list', { n: '$.index', text: '$.item.n' })).toEqual([
    '/tasks/1/inputs/text type-mismatch: the field "text" of the input of the step must be string; this is number',
  ]);
  expect(mapped('$.steps.a.output.open', { text: '$.item.anything' })).toHaveLength(1);
  expect(mapped('$.steps.a.output.list[*]', { text: '$.item.anything' })).toEqual([]);
});

test('a step that is mapped gives a list of what its items give, or counts', () => {
  const behind = (collect: boolean, path: string): string[] => {
    const result = validateWorkflow({
      tasks: [
        {
          id: 'a',
          type: 'work',
          map: { over: '$.run.input', collect },
          schemas: { output: closed({ n: { type: 'number' } }) },
        },
        { id: 'b', type: 'work', inputs: path },
      ],
      dependencies: { b: ['a'] },
    });
    return result.ok ? [] : result.findings.map(({ code }) => code);
  };
  expect(behind(true, '$.steps.a.output[0].n')).toEqual([]);
  expect(behind(true, '$.steps.a.output.n')).toEqual(['leads-nowhere']);
  expect(behind(false, '$.steps.a.output.failed')).toEqual([]);
  expect(behind(false, '$.steps.a.output[0]')).toEqual(['leads-nowhere']);
});

test('an approval gives what an approval gives', () => {
  const result = validateWorkflow({
    tasks: [
      { id: 'ask', approval: {} },
      { id: 'b', type: 'work', when: 'steps.ask.output.approved && steps.ask.output.yes' },
    ],
    dependencies: { b: ['ask'] },
  });
  expect(result).toMatchObject({
    findings: [
      { pointer: '/tasks/1/when', message: 'steps.ask.output can have nothing at yes (at character 47)' },
    ],
  });
});

test('a path to an instant leads to a text', () => {
  const result = validateWorkflow({
    tasks: [{ id: 'a', sleep: { until: '$.run.input' } }],
    inputSchema: { type: 'number' },
  });
  expect(result).toMatchObject({ findings: [{ pointer: '/tasks/0/sleep/until', code: 'type-mismatch' }] });
});

test.each([
  'steps.a.output.score > 3 && steps.a.output.title.startsWith("x")',
  'steps.a.output.list.all(x, x.n > 0) || steps.a.output.list.exists(x, x.n == steps.a.output.score)',
  'steps.a.output.list.map(x, x.n + 1) == [1] && size(steps.a.output.list.filter(x, x.n > 1)) > 2',
  'steps.a.output.title in ["a", "b"] && has(steps.a.output.maybe)',
  'steps.a.output.open.flag',
  'steps.a.output.maybe == null ? true : steps.a.output.maybe < "x"',
  '-steps.a.output.score + 1.5 < 2 && !(steps.a.output == {"a": 1})',
  'steps.a.output.either.x == "1" && steps.a.output["title"] == "x" && steps.a.output.list[0].n == 1',
  'steps.a.output.open.all(key, key.contains("x")) && run.input[run.id] == 1',
])('%s may be', (when) => {
  expect(findings({ when }, OUTPUT)).toEqual([]);
});

test.each([
  ['steps.a.output.score', 'steps.a.output.score is integer, where boolean is needed (at character 1)'],
  ['steps.a.output.title > 3', '> does not fit string and integer (at character 1)'],
  ['steps.a.output.titel == "x"', 'steps.a.output can have nothing at titel (at character 16)'],
  ['!steps.a.output.title', 'steps.a.output.title is string, where boolean is needed (at character 2)'],
  ['steps.a.output.list.all(x, x.m > 1)', 'x can have nothing at m (at character 30)'],
  ['steps.a.output.list.all(x, x.n)', 'x.n is number, where boolean is needed (at character 28)'],
  [
    'steps.a.output.title.all(x, true)',
    'steps.a.output.title is string, where array or object is needed (at character 1)',
  ],
  ['steps.a.output.title - 1 == 2', '- does not fit string and integer (at character 1)'],
  ['steps.a.output.score + "x" == "y"', '+ does not fit integer and string (at character 1)'],
  [
    'steps.a.output.score.startsWith("x")',
    'steps.a.output.score is integer, where string is needed (at character 1)',
  ],
  [
    '"x" in steps.a.output.score',
    'steps.a.output.score is integer, where array or object is needed (at character 8)',
  ],
  [
    'size(steps.a.output.score) > 1',
    'steps.a.output.score is integer, where string or array or object is needed (at character 6)',
  ],
  [
    'steps.a.output.list.map(x, x.n)[0] == 1 && -steps.a.output.title == 1',
    'steps.a.output.title is string, where number is needed (at character 45)',
  ],
  ['1 + 1', '1 + 1 is number, where boolean is needed (at character 1)'],
])('%s cannot be: %s', (when, message) => {
  expect(findings({ when }, OUTPUT)).toEqual([`/tasks/1/when type-mismatch: ${message}`]);
});

test('schemas that lead into themselves are asked only so often', () => {
  const twice = { anyOf: [{ $ref: '#' }, { $ref: '#' }], allOf: [{ $ref: '#' }, { $ref: '#' }] };
  const inputs = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`f${index}`, `$.steps.a.output.f${index}.g`]),
  );
  const startedAt = performance.now();
  expect(findings({ inputs, schemas: { input: twice } }, twice)).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test('a workflow inside says with its own schema what its step takes, and what its steps find in its input', () => {
  const inputSchema = {
    type: 'object',
    required: ['n', 'm'],
    properties: { n: { type: 'integer' } },
    additionalProperties: false,
  };
  const inside = { tasks: [{ id: 'x', type: 'work', inputs: { z: '$.run.input.z' } }], inputSchema };
  const given = {
    inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
    tasks: [{ id: 'sub', workflow: inside, inputs: { n: '$.run.input.text' } }],
  };
  const validation = validateWorkflow(given);
  expect(validation.ok ? [] : validation.findings.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    '/tasks/0/inputs/n type-mismatch',
    '/tasks/0 missing-input',
    '/tasks/0/workflow/tasks/0/inputs/z leads-nowhere',
  ]);
});
