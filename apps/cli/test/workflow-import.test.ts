import { parse } from 'yaml';
import { runCli } from '../src/cli';
import { memoryIo } from './support/memory-io';

async function imported(
  stdin: string,
  ...more: string[]
): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ stdin, env: { NO_COLOR: '1' } });
  const code = await runCli(['workflow', 'import', '-', ...more], io, '0');
  return { code, out: io.out(), err: io.err() };
}

const RECORDED = JSON.stringify({
  name: 'two',
  workflow: {
    tasks: [
      { id: 'a', runtime: 4 },
      { id: 'b', runtime: 6, parents: ['a'] },
    ],
  },
});

test('a file in a format of others is printed as the workflow that it becomes, and its content tells the format', async () => {
  const { code, out, err } = await imported(RECORDED, '--time-scale', '1');
  expect(code).toBe(0);
  expect(parse(out)).toMatchObject({
    name: 'two',
    tasks: [{ id: 'a', type: 'wfcommons', estimateMs: 4000 }, { id: 'b' }],
    dependencies: { b: ['a'] },
  });
  expect(err).toContain('replaying recorded time');
});

test('--definition leaves out what belongs to one run', async () => {
  const { out, err } = await imported(RECORDED, '--definition', '-o', 'json');
  expect(Object.keys(JSON.parse(out) as object)).toEqual(['tasks', 'dependencies']);
  expect(err).toContain('left out');
});

test('what is wrong is listed at once with its place, and nothing is printed', async () => {
  const { code, out, err } = await imported(RECORDED.replace('"a"]', '"x"]').replace('4', '-4'));
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toContain('2 findings');
  expect(err).toContain('/workflow/tasks/1/parents/0');
});

test('a file of no known format says which there are', async () => {
  const { code, err } = await imported('{"tasks":[{"id":"a","type":"work"}]}');
  expect(code).toBe(2);
  expect(err).toContain('of no format that can be imported');
  expect(err).toContain('argo, wfcommons, worfbench');
});

const MANIFEST = `
kind: WorkflowTemplate
metadata: { name: lib }
spec: { templates: [{ name: echo, inputs: { parameters: [{ name: m }] }, container: { image: i, args: ["{{inputs.parameters.m}}"] } }] }
---
kind: Workflow
metadata: { generateName: hi- }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: who }] }
  templates:
    - name: main
      steps:
        - - name: a
            templateRef: { name: lib, template: echo }
            arguments: { parameters: [{ name: m, value: "{{workflow.parameters.who}}" }] }
---
`;

test('a manifest of several documents, with a parameter that is given here', async () => {
  const { code, out } = await imported(MANIFEST, '--type', 'argo', '--parameter', 'who=me', '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    name: 'hi',
    input: { who: 'me' },
    tasks: [{ id: 'a', type: 'echo', inputs: { 'workflow.parameters.who': '$.run.input.who' } }],
  });
});

test('what has no counterpart is told with the line of its document; --lossy makes it a warning', async () => {
  const broken = MANIFEST.replace('- - name: a', '- - name: a\n            hooks: { exit: { template: x } }');
  const { code, out, err } = await imported(broken);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/\/1\/spec\/templates\/0\/steps\/0\/0\/hooks: .* \(line 15\)/);
  const lossy = await imported(broken, '--lossy');
  expect(lossy.code).toBe(0);
  expect(lossy.err).toMatch(/^warning: \/1\/spec.*left out: hooks/m);
});

test('quoted text that goes on too far to the left is read as parsers in Go read it', async () => {
  const text = `
kind: Workflow
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: i
      args: ["
        one
        two
      "]
`;
  const { code, out } = await imported(text, '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ tasks: [{ input: { container: { args: [' one two '] } } }] });
});
