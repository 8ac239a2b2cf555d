import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInstances, toInstance } from './read-instances';

const recorded = (runtimes: Record<string, number>) => ({
  workflow: {
    specification: {
      tasks: [
        { id: 'a', name: 'a', parents: [], children: ['b'] },
        { id: 'b', name: 'b', parents: ['a'], children: [] },
      ],
    },
    execution: {
      tasks: Object.entries(runtimes).map(([id, runtimeInSeconds]) => ({ id, runtimeInSeconds })),
    },
  },
});

test('a recorded workflow has its times in milliseconds and its parents by place', () => {
  expect(toInstance('pair', JSON.stringify(recorded({ a: 1.5, b: 0 })))).toEqual({
    name: 'pair',
    steps: [
      { holdMs: 1_500, parents: [] },
      { holdMs: 0, parents: [0] },
    ],
  });
});

test.each([
  ['{', 'not JSON'],
  ['{"a":1}', '/workflow: no WfCommons instance'],
  [JSON.stringify(recorded({})), 'no time was recorded'],
])('%s cannot be replayed', (text, why) => {
  expect(toInstance('x', text)).toContain(why);
});

test('instances are found in the folder or in its folder "workflows", and what is none is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'instances-'));
  try {
    await expect(readInstances(folder)).rejects.toThrow(`there is no WfCommons instance in ${folder}`);
    await mkdir(join(folder, 'workflows'));
    await writeFile(join(folder, 'workflows', 'pair.json'), JSON.stringify(recorded({ a: 1 })));
    await writeFile(join(folder, 'workflows', 'other.json'), '[]');
    const { instances, skipped } = await readInstances(folder);
    expect(instances.map(({ name }) => name)).toEqual(['pair']);
    expect(skipped.map(({ file }) => file)).toEqual([join(folder, 'workflows', 'other.json')]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
