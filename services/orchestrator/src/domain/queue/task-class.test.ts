import { type TaskSubmission, type Routing } from '@multiswarm/contracts';
import { groupKeyOf, toClass } from './task-class';

type Given = Partial<Pick<TaskSubmission, 'type' | 'namespace' | 'requirements'>> & {
  routing?: Routing;
  workflowId?: string;
};

const spec = (given: Given = {}) => ({ type: 'build', namespace: 'shop', requirements: {}, ...given });
const keyOf = (given?: Given): string => toClass(spec(given)).key;

const must = { from: 'swarm', must: true } as const;
const wish = { from: 'swarm', must: false } as const;

test('tasks that ask for the same are of one class, which is one object', () => {
  const given = { requirements: { attributes: { vram: { '>=': 24 } } }, routing: { near: 'eu' } };
  expect(toClass(spec(given))).toBe(toClass(spec(structuredClone(given))));
  expect(toClass(spec())).toBe(toClass(spec()));
});

test.each<[string, Given, Given]>([
  [
    'bounds',
    { requirements: { attributes: { a: { '>=': 1 } } } },
    { requirements: { attributes: { a: 1 } } },
  ],
  [
    'types of GPUs',
    { requirements: { resources: { gpu: { a100: 1 } } } },
    { requirements: { resources: { gpu: 1 } } },
  ],
  ['prices', { requirements: { maxCostPerSlotHour: 1 } }, { requirements: { maxCostPerSlotHour: 2 } }],
  ['policies', { routing: { policy: 'cost' } }, { routing: { policy: 'learned' } }],
  ['origins', { routing: { near: 'eu' } }, { routing: { near: 'us' } }],
  ['waits', { routing: { near: 'eu', localityWaitMs: 1 } }, { routing: { near: 'eu' } }],
  ['preferences', { routing: { prefer: [{ weight: 1, region: ['eu'] }] } }, {}],
  ['distances', { routing: { apart: wish } }, { routing: { apart: must } }],
  [
    'groups that must keep apart',
    { routing: { apart: must, group: 'a' } },
    { routing: { apart: must, group: 'b' } },
  ],
  [
    'workflows that must keep apart',
    { routing: { apart: must }, workflowId: '1' },
    { routing: { apart: must }, workflowId: '2' },
  ],
])('other %s are another class', (_, one, other) => {
  expect(keyOf(one)).not.toBe(keyOf(other));
});

test('what is a task’s own makes no class: neither the key of an affinity nor the group of a wish', () => {
  const keys = Array.from({ length: 50 }, (_, at) => keyOf({ routing: { affinity: `customer:${at}` } }));
  expect(new Set(keys)).toEqual(new Set([keyOf()]));
  const groups = Array.from({ length: 50 }, (_, at) => keyOf({ routing: { apart: wish, group: `g${at}` } }));
  expect(new Set(groups).size).toBe(1);
  expect(toClass(spec({ routing: { affinity: 'a', near: 'eu' } })).routing).toEqual({ near: 'eu' });
});

test('a class without wishes has the key that it always had', () => {
  expect(keyOf()).toBe('["shop","build",{}]');
});

test.each<[string, Given, string | undefined]>([
  ['no wishes', {}, undefined],
  ['wishes that concern no group', { routing: { near: 'eu', affinity: 'x' } }, undefined],
  ['a group that it names', { routing: { group: 'g' }, workflowId: 'w1' }, 'shop/g'],
  ['a step that keeps apart', { routing: { apart: wish }, workflowId: 'w1' }, 'shop/w1'],
  ['a task that spreads', { routing: { spread: { over: 'zone', maxSkew: 1, must: false } } }, 'shop/build'],
])('%s is counted in the group that it means', (_, given, group) => {
  expect(groupKeyOf(spec(given))).toBe(group);
});
