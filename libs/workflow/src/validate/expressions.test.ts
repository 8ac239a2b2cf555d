import fc from 'fast-check';
import { LIMITS } from '@multiswarm/contracts';
import { validateWorkflow } from './validate-workflow';

const step = (id: string, more: object = {}): object => ({ id, type: 'work', ...more });

function findings(given: unknown): string[] {
  const result = validateWorkflow(given);
  return result.ok
    ? []
    : result.findings.map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
}

/** A workflow of a chain a, b, c, and a step of its own. */
const chain = (fieldsOfC: object, more: object = {}): object => ({
  tasks: [step('a'), step('b'), step('c', fieldsOfC), step('alone')],
  dependencies: { b: ['a'], c: ['b'] },
  ...more,
});

test('everything that is wrong with conditions and paths is found at once, each at its place', () => {
  const given = chain({
    when: 'steps.b.output.n >',
    inputs: {
      'x/y': '$.steps.b.',
      ghost: '$.steps.ghost.output',
      alone: '$.steps.alone.output',
      own: '$.steps.c.output',
      item: '$.item',
    },
    map: { over: '$.steps[*].output' },
    compensate: { type: 'undo', inputs: '$.steps.nobody.output' },
  });
  expect(findings(given)).toEqual([
    '/tasks/2/when bad-condition: Unexpected token: EOF (at character 19)',
    expect.stringMatching(/^\/tasks\/2\/inputs\/x~1y bad-path: .+ \(at character \d+\)$/),
    '/tasks/2/inputs/ghost unknown-step: no task has the id "ghost"',
    "/tasks/2/map/over bad-path: write $.steps.<id> or $.steps['<id>']: which steps are looked at must be known before",
    '/tasks/2/compensate/inputs unknown-step: no task has the id "nobody"',
    '/tasks/2/inputs/alone not-upstream: "alone" is not upstream of "c": let "c" depend on it, directly or through others',
    '/tasks/2/inputs/own not-upstream: "c" is not upstream of "c": let "c" depend on it, directly or through others',
  ]);
});

test('a step sees what is upstream, directly or not, and a compensation sees all', () => {
  expect(
    findings(
      chain({
        when: 'steps.a.output.n > 1 && steps.b.state == "succeeded"',
        inputs: { first: '$.steps.a.output', name: '$.run.name' },
        compensate: { type: 'undo', inputs: { own: '$.steps.c.output', other: '$.steps.alone.output' } },
      }),
    ),
  ).toEqual([]);
});

test('item and index are there in the inputs of a step that is mapped, and nowhere else', () => {
  expect(findings(chain({ when: 'index < 3', inputs: { n: '$.item.n' } }))).toEqual([
    '/tasks/2/when no-item: there is no item or index here: only items of a map have one',
    '/tasks/2/inputs/n no-item: there is no item or index here: only items of a map have one',
  ]);
  const mapped = { map: { over: '$.steps.b.output.list' }, inputs: { n: '$.item.n', at: '$.index' } };
  expect(findings(chain(mapped))).toEqual([]);
  expect(findings(chain({ ...mapped, when: 'item.n > 1' }))).toEqual([
    '/tasks/2/when no-item: the condition of a map is asked once, before there are items: choose them in map.over, such as $.steps.a.output[?@.size > 0]',
  ]);
  expect(
    findings(chain({ map: { over: '$.item' }, compensate: { type: 'undo', inputs: '$.item' } })),
  ).toEqual([
    '/tasks/2/map/over no-item: there is no item or index here: only items of a map have one',
    '/tasks/2/compensate/inputs no-item: there is no item or index here: only items of a map have one',
  ]);
});

test('a path to an instant is looked at like others, an instant is none', () => {
  const sleeping = (until: string): object => ({
    tasks: [{ id: 'a', sleep: { until } }],
  });
  expect(findings(sleeping('2030-01-31T12:00:00Z'))).toEqual([]);
  expect(findings(sleeping('$.run.input.at'))).toEqual([]);
  expect(findings(sleeping('$.steps.b.output'))).toEqual([
    '/tasks/0/sleep/until unknown-step: no task has the id "b"',
  ]);
});

test.each<[string, object, string[]]>([
  ['of a step with dependencies', { input: 1 }, ['/tasks/2/input input-not-object']],
  [
    'of a compensation',
    { compensate: { type: 'undo', input: 1 } },
    ['/tasks/2/compensate/input input-not-object'],
  ],
  [
    'of a compensation to which fields are added',
    { compensate: { type: 'undo', input: 1, inputs: { a: '$.run.id' } } },
    ['/tasks/2/compensate/input input-not-object'],
  ],
  ['but not where one path is all of it', { input: 1, inputs: '$.steps.b.output' }, []],
  ['nor in a compensation', { compensate: { type: 'undo', input: 1, inputs: '$.run.id' } }, []],
])('an input has to be an object: that %s', (_name, fields, expected) => {
  expect(findings(chain(fields)).map((finding) => finding.split(':')[0])).toEqual(expected);
});

test('what the schema says of an input is said once', () => {
  for (const fields of [
    { input: 1, inputs: { x: '$.run.id' } },
    { input: 1, map: { over: '$.run.input' } },
  ])
    expect(findings(chain(fields))).toEqual([
      expect.stringMatching(/^\/tasks\/2\/input custom: must be an object/),
    ]);
});

describe('joins', () => {
  const joined = (join: unknown, fieldsOfD: object = {}): string[] =>
    findings({
      tasks: [step('a'), step('b'), step('c', { join }), step('d', fieldsOfD)],
      dependencies: { c: ['a', 'b'], d: ['c', 'a'] },
    });

  test('of more steps than there are can never be, and what is behind can never start', () => {
    expect(joined({ atLeast: 2 })).toEqual([]);
    expect(joined({ atLeast: 3 })).toEqual([
      '/tasks/2/join/atLeast join-impossible: "c" has 2 dependencies: 3 of them can never succeed',
      '/tasks/3 unreachable-step: "d" can never start: it needs "c", which can never start',
    ]);
    expect(joined({ atLeast: 3 }, { join: { atLeast: 2 } })).toHaveLength(2);
  });

  test('that can do without are not unreachable', () => {
    for (const join of ['any', 'all-ended', 'none-failed', { atLeast: 1 }])
      expect(joined({ atLeast: 3 }, { join })).toHaveLength(1);
  });

  test('of nothing are refused', () => {
    expect(findings({ tasks: [step('a', { join: 'any' }), step('b', { join: { atLeast: 1 } })] })).toEqual([
      '/tasks/0/join join-without-dependencies: "a" depends on nothing, so there is nothing to join: leave out the join, or add dependencies',
      '/tasks/1/join join-without-dependencies: "b" depends on nothing, so there is nothing to join: leave out the join, or add dependencies',
    ]);
  });
});

describe('workflows inside workflows', () => {
  const inside = (workflow: object, more: object = {}): object => ({ id: 'sub', workflow, ...more });
  /** Workflows so deep in each other. */
  const nested = (levels: number): object =>
    levels === 0 ? step('last') : inside({ tasks: [nested(levels - 1)] });

  test('are looked at like others, with their place', () => {
    const workflow = {
      tasks: [
        step('x', { priority: 'urgent' }),
        step('y', { when: 'steps.z.output > 1' }),
        inside({ tasks: [] }),
      ],
      dependencies: { x: ['y'], y: ['x'] },
    };
    expect(
      findings({ tasks: [step('z'), inside(workflow)] }).map((finding) => finding.split(':')[0]),
    ).toEqual([
      '/tasks/1/workflow/tasks/0/priority invalid-value',
      '/tasks/1/workflow/dependencies/x cycle',
      '/tasks/1/workflow/tasks/1/when unknown-step',
      '/tasks/1/workflow/tasks/2/workflow/tasks too-small',
    ]);
  });

  test('may be so deep, and no deeper', () => {
    expect(findings({ tasks: [nested(LIMITS.WORKFLOW_DEPTH)] })).toEqual([]);
    expect(findings({ tasks: [nested(LIMITS.WORKFLOW_DEPTH + 1)] })).toEqual([
      `${'/tasks/0/workflow'.repeat(LIMITS.WORKFLOW_DEPTH + 1)} too-deep: workflows may stand 8 deep in each other at most (WORKFLOW_DEPTH)`,
    ]);
    const result = validateWorkflow({ tasks: [nested(2)] }, { depth: LIMITS.WORKFLOW_DEPTH - 1 });
    expect(result).toMatchObject({ ok: false, findings: [{ code: 'too-deep' }] });
  });

  test('see the input of their step as the input of the run', () => {
    const schemas = {
      input: { type: 'object', properties: { n: { type: 'number' } }, additionalProperties: false },
    };
    const workflow = {
      tasks: [step('x', { when: 'run.input.n > 1' }), step('y', { inputs: '$.run.input.m' })],
    };
    expect(findings({ tasks: [inside(workflow, { schemas })] })).toEqual([
      '/tasks/0/workflow/tasks/1/inputs leads-nowhere: by the schemas there can be nothing at this path',
    ]);
  });
});

/** Whether one leads to the other, naively. */
function isUpstream(dependencies: Record<string, string[]>, of: string, asked: string): boolean {
  return (dependencies[of] ?? []).some((id) => id === asked || isUpstream(dependencies, id, asked));
}

const graph = fc.integer({ min: 2, max: 40 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 60 }),
    looks: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { minLength: 1, maxLength: 60 }),
  }),
);

test('exactly those expressions are refused that look at what is not upstream', () => {
  fc.assert(
    fc.property(graph, ({ size, edges, looks }) => {
      const dependencies: Record<string, string[]> = {};
      for (const [one, other] of edges) {
        const list = (dependencies[`s${Math.max(one, other)}`] ??= []);
        const upstream = `s${Math.min(one, other)}`;
        if (one !== other && !list.includes(upstream)) list.push(upstream);
      }
      const inputs = new Map<number, Record<string, string>>();
      for (const [from, to] of looks)
        inputs.set(from, { ...inputs.get(from), [`f${to}`]: `$.steps.s${to}.output` });
      const tasks = Array.from({ length: size }, (_, index) =>
        step(`s${index}`, inputs.has(index) ? { inputs: inputs.get(index) } : {}),
      );
      const expected = [...inputs].flatMap(([from, fields]) =>
        Object.keys(fields)
          .filter((field) => !isUpstream(dependencies, `s${from}`, `s${field.slice(1)}`))
          .map((field) => `/tasks/${from}/inputs/${field} not-upstream`),
      );
      const found = findings({ tasks, dependencies }).map((finding) => finding.split(':')[0]);
      expect(found.sort()).toEqual(expected.sort());
    }),
  );
});

test('exactly those steps are unreachable that need one which can never start', () => {
  const joins = fc.constantFrom<unknown>(undefined, 'any', 'all-ended', 'none-failed', 1, 2, 3);
  fc.assert(
    fc.property(graph, fc.array(joins, { minLength: 40, maxLength: 40 }), ({ size, edges }, given) => {
      const dependencies: Record<string, string[]> = {};
      for (const [one, other] of edges) {
        const list = (dependencies[`s${Math.max(one, other)}`] ??= []);
        const upstream = `s${Math.min(one, other)}`;
        if (one !== other && !list.includes(upstream)) list.push(upstream);
      }
      const joinOf = (index: number): unknown =>
        dependencies[`s${index}`]?.length ? given[index] : undefined;
      const tasks = Array.from({ length: size }, (_, index) => {
        const join = joinOf(index);
        return step(
          `s${index}`,
          join === undefined ? {} : { join: typeof join === 'number' ? { atLeast: join } : join },
        );
      });
      // Earlier steps never depend on later ones, so one pass tells.
      const starts = new Map<string, boolean>();
      const expected: string[] = [];
      for (let index = 0; index < size; index += 1) {
        const upstream = dependencies[`s${index}`] ?? [];
        const left = upstream.filter((id) => starts.get(id)).length;
        const join = joinOf(index);
        const least =
          typeof join === 'number' ? join : join === 'any' ? 1 : join === undefined ? upstream.length : 0;
        starts.set(`s${index}`, left >= least);
        if (left < least)
          expected.push(
            least > upstream.length
              ? `/tasks/${index}/join/atLeast join-impossible`
              : `/tasks/${index} unreachable-step`,
          );
      }
      const found = findings({ tasks, dependencies }).map((finding) => finding.split(':')[0]);
      expect(found.sort()).toEqual(expected.sort());
    }),
  );
});
