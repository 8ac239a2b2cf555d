import type { TaskState } from '@multiswarm/contracts';
import { countText, foldSteps } from './fold';
import { commonLabel } from './labels';
import { titleOf } from './node-text';
import type { DrawingStep } from './step';

function step(id: string, dependsOn: string[] = [], more: Partial<DrawingStep> = {}): DrawingStep {
  return { id, type: 'work', dependsOn, ...more };
}

const many = (
  count: number,
  name: (i: number) => string,
  dependsOn: (i: number) => string[],
  state?: (i: number) => TaskState,
) => Array.from({ length: count }, (_, i) => step(name(i), dependsOn(i), { state: state?.(i) }));

describe('folding', () => {
  test('a fan-out of many steps alike is one node, with how many there are in which state', () => {
    const nodes = foldSteps([
      step('split', [], { state: 'succeeded' }),
      ...many(
        1_000,
        (i) => `crawl-${i}`,
        () => ['split'],
        (i) => (i < 980 ? 'succeeded' : i < 982 ? 'failed' : 'running'),
      ),
      step(
        'join',
        Array.from({ length: 1_000 }, (_, i) => `crawl-${i}`),
        { state: 'blocked' },
      ),
    ]);
    expect(nodes.map(({ label, dependsOn }) => [label, dependsOn])).toEqual([
      ['split', []],
      ['crawl-[0..999]', ['split']],
      ['join', ['crawl-0']],
    ]);
    expect(nodes[1] && countText(nodes[1])).toBe('✗2 ▶18 ✓980');
    expect(nodes[1] && titleOf(nodes[1]).text).toBe('✗ crawl-[0..999] ×1000');
  });

  test('items are one node with their map, however few, and also where nothing else is folded', () => {
    const steps = [
      step('crawl', ['list'], { state: 'running' }),
      step('list', [], { state: 'succeeded' }),
      step('crawl[0]', ['list'], { of: 'crawl', role: 'item', state: 'succeeded' }),
      step('crawl[1]', ['list'], { of: 'crawl', role: 'item', state: 'running' }),
      step('report', ['crawl'], { state: 'blocked' }),
    ];
    for (const all of [true, false]) {
      const nodes = foldSteps(steps, [], all);
      expect(nodes.map(({ label, dependsOn }) => [label, dependsOn])).toEqual([
        ['crawl[0..1]', ['list']],
        ['list', []],
        ['report', ['crawl']],
      ]);
    }
  });

  test('pipelines side by side are one pipeline', () => {
    const nodes = foldSteps([
      ...many(
        50,
        (i) => `fetch-${i}`,
        () => [],
      ),
      ...many(
        50,
        (i) => `parse-${i}`,
        (i) => [`fetch-${i}`],
      ),
    ]);
    expect(nodes.map(({ label, dependsOn }) => [label, dependsOn])).toEqual([
      ['fetch-[0..49]', []],
      ['parse-[0..49]', ['fetch-0']],
    ]);
  });

  test('a chain of steps with alike names stays a chain', () => {
    const chain = many(
      20,
      (i) => `s${i}`,
      (i) => (i === 0 ? [] : [`s${i - 1}`]),
    );
    expect(foldSteps(chain)).toHaveLength(20);
  });

  test('few steps, and steps that lead to different ones, are not folded', () => {
    expect(
      foldSteps(
        many(
          3,
          (i) => `a${i}`,
          () => [],
        ),
      ),
    ).toHaveLength(3);
    const apart = [
      ...many(
        4,
        (i) => `a${i}`,
        () => [],
      ),
      step('left', ['a0', 'a1'], { type: 'left' }),
      step('right', ['a2', 'a3'], { type: 'right' }),
    ];
    expect(foldSteps(apart)).toHaveLength(6);
  });

  test('the critical path goes from node to node', () => {
    const nodes = foldSteps(
      [
        step('a'),
        ...many(
          5,
          (i) => `b${i}`,
          () => ['a'],
        ),
        step('c', ['b0', 'b1', 'b2', 'b3', 'b4']),
        step('d', ['a']),
      ],
      ['a', 'b3', 'c'],
    );
    expect(nodes.map(({ critical, criticalFrom }) => [critical, criticalFrom])).toEqual([
      [true, []],
      [true, ['a']],
      [true, ['b0']],
      [false, []],
    ]);
  });

  test.each([
    [['crawl[0]', 'crawl[12]', 'crawl[3]'], 'crawl[0..12]'],
    [['map_0001', 'map_0012'], 'map_[1..12]'],
    [['a-1-x-2', 'a-2-x-3'], 'a-*-x-*'],
    [['load-left', 'load-right'], 'load-*'],
    [['alpha', 'beta'], 'alpha…beta'],
    [['one'], 'one'],
  ])('%j are called %s', (ids, label) => {
    expect(commonLabel(ids)).toBe(label);
  });
});
