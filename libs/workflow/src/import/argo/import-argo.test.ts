import { parseAllDocuments } from 'yaml';
import { validateWorkflow } from '../../validate/validate-workflow';
import { importArgo } from './import-argo';

type Options = Parameters<typeof importArgo>[1];

/** A workflow that begins with the template `main`; every other template is written out. */
function imported(templates: string, spec = '', options: Options = {}) {
  return importText(
    `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: test- }
spec:
  entrypoint: main
${spec.replace(/^/gm, '  ')}
  templates:
${templates.replace(/^/gm, '    ')}
    - { name: work, inputs: { parameters: [{ name: a, value: none }] }, container: { image: i, args: ["{{inputs.parameters.a}}"] } }
`,
    options,
  );
}

function importText(text: string, options: Options = {}) {
  const documents = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  const result = importArgo(documents, options);
  if (result.workflow) expect(validateWorkflow(result.workflow)).toMatchObject({ ok: true });
  return result;
}

function dag(tasks: string, rest = ''): string {
  return `- name: main\n  dag:\n    ${rest}\n    tasks:\n${tasks.trim().replace(/^\s*/gm, '      ')}`;
}

/** By step what decides when it starts. */
function gates(result: ReturnType<typeof imported>): Record<string, unknown> {
  expect(result.findings).toEqual([]);
  return Object.fromEntries(
    (result.workflow?.tasks ?? []).map((task) => {
      const { id, join, when, continueOnFailure } = task as Record<string, unknown>;
      return [id, JSON.parse(JSON.stringify({ join, when, continueOnFailure })) as unknown];
    }),
  );
}

function step(result: ReturnType<typeof imported>, id: string): Record<string, unknown> {
  expect(result.findings).toEqual([]);
  const found = result.workflow?.tasks.find((task) => (task as { id: string }).id === id);
  return { ...found };
}

const codes = ({ findings }: ReturnType<typeof imported>) =>
  findings.map(({ pointer, code }) => `${pointer} ${code}`);
const warned = ({ warnings }: ReturnType<typeof imported>) => warnings.map(({ code }) => code);

describe('tasks of a DAG', () => {
  test('depends and dependencies are dependencies', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: b, template: work, dependencies: [a] }
        - { name: c, template: work, depends: a }
        - { name: d, template: work, depends: "b && c" }`),
    );
    expect(result.workflow?.dependencies).toEqual({ b: ['a'], c: ['a'], d: ['b', 'c'] });
    expect(gates(result)).toEqual({ a: {}, b: {}, c: {}, d: {} });
  });

  test('what stands behind a task with a condition starts also where that was skipped', () => {
    const result = imported(
      dag(`
        - { name: flip, template: work }
        - { name: heads, template: work, depends: flip, when: "{{tasks.flip.outputs.result}} == heads" }
        - { name: end, template: work, depends: heads }`),
    );
    expect(gates(result)).toEqual({
      flip: {},
      heads: { when: `string(steps.flip.output.result) == 'heads'` },
      end: { join: 'none-failed' },
    });
  });

  test('results of tasks become a condition on the states of steps, and a failure that is asked for is tolerated', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: mend, template: work, depends: a.Failed }
        - { name: both, template: work, depends: "a.Succeeded || a.Failed" }`),
    );
    expect(gates(result)).toEqual({
      a: { continueOnFailure: true },
      mend: { join: 'all-ended', when: `(steps.a.state == 'failed' || steps.a.state == 'expired')` },
      both: {
        join: 'all-ended',
        when: `steps.a.state == 'succeeded' || (steps.a.state == 'failed' || steps.a.state == 'expired')`,
      },
    });
    expect(result.workflow).not.toHaveProperty('onFailure');
  });

  test('a failure is not tolerated where some that stand behind it do not ask for it', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: mend, template: work, depends: a.Failed }
        - { name: next, template: work, depends: a }`),
    );
    expect(gates(result)).toMatchObject({ a: {}, next: {} });
    expect(gates(result)['a']).toEqual({});
  });

  test('behind a task that was left out by its depends nothing starts, although it looks like one with a false condition', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: b, template: work, depends: "!a.Failed" }
        - { name: c, template: work, depends: b }`),
    );
    expect(gates(result)['c']).toEqual({ join: 'all-ended', when: `steps.b.state == 'succeeded'` });
  });

  test('skipped and left out are told from each other', () => {
    const result = imported(
      dag(`
        - { name: a, template: work, when: "x == y" }
        - { name: b, template: work, depends: a.Skipped }
        - { name: c, template: work, depends: a.Omitted }`),
    );
    expect(gates(result)).toEqual({
      a: { when: `'x' == 'y'` },
      b: {
        join: 'all-ended',
        when: `(steps.a.state == 'skipped' && steps.a.error.code == 'condition-false')`,
      },
      c: {
        join: 'all-ended',
        when: `(steps.a.state == 'skipped' && steps.a.error.code != 'condition-false')`,
      },
    });
  });

  test('where the end of the run would be another one, that is said', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: b, template: work }
        - { name: c, template: work, depends: "a.Failed && b.Failed" }`),
    );
    expect(warned(result)).toContain('how-it-ends');
  });

  test('branches are stopped as failFast says, and a chain needs no word about it', () => {
    const tasks = `
        - { name: a, template: work }
        - { name: b, template: work }`;
    const chain = `
        - { name: a, template: work }
        - { name: b, template: work, depends: a }`;
    expect(imported(dag(tasks)).workflow).toHaveProperty('onFailure', 'stop');
    expect(warned(imported(dag(tasks)))).toEqual(['fail-fast']);
    expect(imported(dag(tasks, 'failFast: false')).workflow).not.toHaveProperty('onFailure');
    expect(warned(imported(dag(chain)))).toEqual([]);
  });

  test('only targets, and what they depend on, are carried over', () => {
    const tasks = `
        - { name: a, template: work }
        - { name: b, template: work, depends: a }
        - { name: c, template: work }`;
    expect(Object.keys(gates(imported(dag(tasks, 'target: b'))))).toEqual(['a', 'b']);
  });

  test('wrong graphs are told at once', () => {
    const result = imported(
      dag(`
        - { name: a, template: work, depends: "b" }
        - { name: b, template: work, depends: "a" }
        - { name: c, template: gone, depends: "x && (" }
        - { name: c, template: work, depends: "a.Finished" }
        - { name: e, template: work, depends: a, dependencies: [a] }
        - { name: f, template: work, depends: ghost }`),
    );
    expect(codes(result)).toEqual([
      '/spec/templates/0/dag/tasks/2/depends bad-depends',
      '/spec/templates/0/dag/tasks/3/depends bad-depends',
      '/spec/templates/0/dag/tasks/4 depends-twice',
      '/spec/templates/0/dag/tasks/3 duplicate-name',
      '/spec/templates/0/dag/tasks/5 unknown-dependency',
      '/spec/templates/0/dag/tasks/0 cycle',
    ]);
  });
});

describe('steps', () => {
  test('groups stand one behind the other, and continueOn is continueOnFailure', () => {
    const result = imported(`
- name: main
  steps:
    - - { name: a, template: work }
      - { name: b, template: work, continueOn: { failed: true } }
    - - { name: c, template: work }`);
    expect(result.workflow?.dependencies).toEqual({ c: ['a', 'b'] });
    expect(gates(result)).toEqual({ a: {}, b: { continueOnFailure: true }, c: {} });
    expect(result.workflow).not.toHaveProperty('onFailure');
  });
});

describe('loops', () => {
  test('withItems and withSequence become a map over a part of the input', () => {
    const result = imported(
      dag(`
        - { name: a, template: work, withItems: [x, { k: 1 }], arguments: { parameters: [{ name: a, value: "v{{item}}" }] } }
        - { name: b, template: work, withSequence: { start: "8", end: "10", format: "%03d" } }
        - { name: c, template: work, withParam: "[1, 2]" }`),
    );
    expect(result.workflow?.['input']).toEqual({
      'items.a': ['x', { k: 1 }],
      'items.b': ['008', '009', '010'],
      'items.c': [1, 2],
    });
    expect(step(result, 'a')).toMatchObject({
      map: { over: `$.run.input['items.a']` },
      input: { container: { args: ['v{{item}}'] } },
      inputs: { item: '$.item' },
    });
  });

  test('withParam is a map over an output, and the outputs of its items are a list', () => {
    const result = imported(
      dag(`
        - { name: a, template: work }
        - { name: b, template: work, depends: a, withParam: "{{tasks.a.outputs.result}}", arguments: { parameters: [{ name: a, value: "{{item.k}}" }] } }
        - { name: c, template: work, depends: b, withParam: "{{tasks.b.outputs.parameters}}" }`),
    );
    expect(step(result, 'b')).toMatchObject({
      map: { over: '$.steps.a.output.result' },
      inputs: { 'item.k': '$.item.k' },
    });
    expect(step(result, 'c')).toMatchObject({ map: { over: '$.steps.b.output[*].parameters' } });
  });

  test('AnySucceeded and AllFailed count the items, all of which run', () => {
    const result = imported(
      dag(`
        - { name: a, template: work, withItems: [1, 2] }
        - { name: b, template: work, depends: a.AnySucceeded }
        - { name: c, template: work, depends: a.AllFailed }`),
    );
    expect(step(result, 'a')).toMatchObject({ map: { toleratedFailures: 10_000, collect: false } });
    expect(gates(result)['b']).toEqual({
      join: 'all-ended',
      when: `(steps.a.state == 'succeeded' && steps.a.output.succeeded > 0)`,
    });
  });

  test('a condition on the item is one of a workflow for each item', () => {
    const result = imported(
      dag(`
        - { name: a, template: work, withItems: [1, 2], when: "{{item}} > 1" }
        - { name: b, template: work, depends: a, withParam: "{{tasks.a.outputs.result}}" }`),
    );
    expect(step(result, 'a')).toMatchObject({
      map: { over: `$.run.input['items.a']` },
      inputs: { item: '$.item' },
      workflow: { tasks: [{ id: 'a', when: 'double(string(run.input.item)) > 1.0' }] },
    });
    expect(step(result, 'b')).toMatchObject({ map: { over: '$.steps.a.output[*].a.result' } });
  });
});

describe('templates inside templates', () => {
  const NESTED = `
- name: inner
  inputs: { parameters: [{ name: p }] }
  outputs: { parameters: [{ name: out, valueFrom: { parameter: "{{tasks.y.outputs.parameters.z}}" } }] }
  dag:
    tasks:
      - { name: x, template: work, arguments: { parameters: [{ name: a, value: "{{inputs.parameters.p}} {{workflow.parameters.w}} {{workflow.name}}" }] } }
      - { name: y, template: work, depends: x }`;

  test('become workflows inside, which are handed over what they use', () => {
    const result = imported(
      `${dag(`
        - { name: a, template: work }
        - { name: b, template: inner, depends: a, arguments: { parameters: [{ name: p, value: "{{tasks.a.outputs.result}}" }] } }
        - { name: c, template: work, depends: b, arguments: { parameters: [{ name: a, value: "{{tasks.b.outputs.parameters.out}}" }] } }`)}${NESTED}`,
      'arguments: { parameters: [{ name: w, value: W }] }',
    );
    expect(step(result, 'b')).toMatchObject({
      inputs: {
        'inputs.parameters.p': '$.steps.a.output.result',
        'workflow.parameters.w': '$.run.input.w',
        'workflow.name': '$.run.id',
      },
      workflow: {
        dependencies: { y: ['x'] },
        tasks: [
          {
            id: 'x',
            input: {
              container: {
                args: ['{{inputs.parameters.p}} {{workflow.parameters.w}} {{workflow.name}}'],
              },
            },
            inputs: {
              'inputs.parameters.p': `$.run.input['inputs.parameters.p']`,
              'workflow.parameters.w': `$.run.input['workflow.parameters.w']`,
              'workflow.name': `$.run.input['workflow.name']`,
            },
          },
          { id: 'y' },
        ],
      },
    });
    expect(step(result, 'c')).toMatchObject({
      inputs: { 'tasks.b.outputs.parameters.out': '$.steps.b.output.y.parameters.z' },
    });
    expect(result.workflow?.['input']).toEqual({ w: 'W' });
  });

  test('a literal argument is written into what is done', () => {
    const result = imported(
      `${dag(`
        - { name: b, template: inner, arguments: { parameters: [{ name: p, value: P }] } }`)}${NESTED.replace(/ \{\{workflow[^"]*/, '')}`,
    );
    expect(step(result, 'b')).toMatchObject({
      workflow: { tasks: [{ input: { container: { args: ['P'] } } }, {}] },
    });
  });

  test('one that is inside itself is a finding with the way', () => {
    const { findings } = imported(dag('- { name: a, template: main }'));
    expect(findings).toMatchObject([{ code: 'recursive-template' }]);
    expect(findings[0]?.message).toContain('main -> main');
  });
});

describe('what is done', () => {
  test('a container becomes work that asks for the capability, with its resources, retries and time limit', () => {
    const result = imported(`
- name: main
  retryStrategy: { limit: "4", backoff: { duration: "1m", factor: 2, maxDuration: 1h, cap: 10m } }
  activeDeadlineSeconds: 90
  container: { image: img, command: [sh], resources: { requests: { cpu: 500m, memory: 128Mi }, limits: { nvidia.com/gpu: 1 } } }`);
    expect(step(result, 'main')).toMatchObject({
      type: 'main',
      input: { template: 'main', container: { image: 'img', command: ['sh'] } },
      requirements: { capabilities: ['container'], resources: { cpu: 0.5, memoryMb: 128, gpu: 1 } },
      retry: {
        maxAttempts: 5,
        initialMs: 60_000,
        factor: 2,
        maxMs: 600_000,
        totalMs: 3_600_000,
        jitter: 0,
      },
      timeouts: { startToCloseMs: 90_000 },
    });
  });

  test('without a retryStrategy it is tried once', () => {
    expect(step(imported(dag('- { name: a, template: work }')), 'a')).toMatchObject({
      retry: { maxAttempts: 1 },
    });
  });

  test('a suspension is an approval, a pause, or a wait for what somebody supplies', () => {
    const result = imported(`
- name: main
  steps:
    - - { name: ask, template: ask }
    - - { name: rest, template: rest }
    - - { name: form, template: form }
    - - { name: end, template: work, arguments: { parameters: [{ name: a, value: "{{steps.form.outputs.parameters.x}}" }] } }
- { name: ask, suspend: {} }
- { name: rest, suspend: { duration: "2m" } }
- { name: form, suspend: {}, outputs: { parameters: [{ name: x, valueFrom: { supplied: {} } }] } }`);
    expect(step(result, 'ask')).toMatchObject({ approval: { prompt: 'ask' } });
    expect(step(result, 'rest')).toMatchObject({ sleep: { ms: 120_000 } });
    expect(step(result, 'form')).toMatchObject({ waitFor: { signal: 'resume' } });
    expect(step(result, 'end')).toMatchObject({
      inputs: { 'steps.form.outputs.parameters.x': '$.steps.form.output.parameters.x' },
    });
  });

  test('what is done at the end comes behind all of it, and may ask how it was', () => {
    const result = imported(
      `${dag('- { name: a, template: work }')}
- name: bye
  steps:
    - - { name: glad, template: work, when: "{{workflow.status}} == Succeeded" }`,
      'onExit: bye',
    );
    expect(result.workflow?.dependencies).toEqual({ exit: ['main'] });
    expect(step(result, 'exit')).toMatchObject({
      join: 'all-ended',
      inputs: { 'main.state': '$.steps.main.state' },
    });
    expect(JSON.stringify(step(result, 'exit'))).toContain(
      "run.input['main.state'] == 'succeeded' ? 'Succeeded'",
    );
  });

  test('locks are limits of the namespace', () => {
    const result = imported(
      '- { name: main, synchronization: { mutex: { name: db } }, container: { image: i } }',
    );
    expect(step(result, 'main')).toMatchObject({ limitKeys: ['mutex:db'] });
    expect(warned(result)).toContain('synchronization');
  });

  test('what is about the pod goes to the agent, and that is said', () => {
    const result = imported('- { name: main, nodeSelector: { disk: ssd }, container: { image: i } }');
    expect(step(result, 'main')).toMatchObject({ input: { pod: { nodeSelector: { disk: 'ssd' } } } });
    expect(warned(result)).toContain('pod');
  });
});

describe('what has no counterpart', () => {
  const TEMPLATES = `
- name: main
  dag:
    tasks:
      - { name: a, template: server }
      - { name: b, template: work, depends: a, arguments: { parameters: [{ name: a, value: "{{tasks.a.ip}} {{=sprig.upper('x')}}" }] }, hooks: { exit: { template: work } } }
- { name: server, daemon: true, container: { image: i } }`;

  test('is told at once with its place, and no workflow is made', () => {
    const result = imported(TEMPLATES);
    expect(result.workflow).toBeUndefined();
    expect(codes(result).sort()).toEqual([
      '/spec/templates/0/dag/tasks/1/arguments/parameters/a expression-tag',
      '/spec/templates/0/dag/tasks/1/arguments/parameters/a unknown-variable',
      '/spec/templates/0/dag/tasks/1/hooks hooks',
      '/spec/templates/1/daemon daemon',
    ]);
  });

  test('is left out where that is asked for, with a warning for each', () => {
    const result = imported(TEMPLATES, '', { lossy: true });
    expect(result.workflow?.tasks).toHaveLength(2);
    expect(result.warnings.filter(({ message }) => message.startsWith('left out'))).toHaveLength(4);
  });
});

describe('a file', () => {
  const TEMPLATE = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: lib }
spec:
  templates:
    - { name: echo, inputs: { parameters: [{ name: m }] }, container: { image: i, args: ["{{inputs.parameters.m}}"] } }
---
`;
  test('may have the templates that its workflow refers to', () => {
    const result = importText(`${TEMPLATE}
kind: Workflow
metadata: { name: w }
spec:
  entrypoint: main
  templates:
    - name: main
      dag: { tasks: [{ name: a, templateRef: { name: lib, template: echo }, arguments: { parameters: [{ name: m, value: hi }] } }] }
`);
    expect(step(result, 'a')).toMatchObject({ type: 'echo', input: { container: { args: ['hi'] } } });
  });

  test('that lacks them says what is missing', () => {
    const result = importText(`
kind: Workflow
spec: { entrypoint: main, templates: [{ name: main, dag: { tasks: [{ name: a, templateRef: { name: lib, template: echo } }] } }] }`);
    expect(codes(result)).toEqual(['/spec/templates/0/dag/tasks/0/templateRef unknown-template']);
  });

  test('parameters without a value are asked of each run, and --parameter gives them', () => {
    const spec = 'arguments: { parameters: [{ name: who }] }';
    const main = dag(
      '- { name: a, template: work, arguments: { parameters: [{ name: a, value: "{{workflow.parameters.who}}" }] } }',
    );
    expect(imported(main, spec).workflow).toMatchObject({ inputSchema: { required: ['who'] } });
    const given = imported(main, spec, { parameters: { who: 'me' } });
    expect(given.workflow).toMatchObject({ input: { who: 'me' } });
    expect(given.workflow).not.toHaveProperty('inputSchema');
  });

  test('with the tasks of a DAG and nothing else says what waits for what', () => {
    const tasks = [{ name: 'a' }, { name: 'b', depends: 'a.Succeeded' }];
    const result = importArgo([{ kind: 'Workflow', template: 'diamond', tasks }], {});
    expect(result.workflow).toMatchObject({
      name: 'diamond',
      tasks: [{ id: 'a', type: 'task' }, { id: 'b' }],
      dependencies: { b: ['a'] },
    });
  });
});
