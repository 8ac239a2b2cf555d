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
  expect(err).toContain('wfcommons, worfbench');
});
