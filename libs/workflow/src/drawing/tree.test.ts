import { foldSteps } from './fold';
import { plain } from './ink';
import type { DrawingStep } from './step';
import { drawTree } from './tree';

function drawn(dependencies: Record<string, string[]>, width = 80, path: string[] = []): string[] {
  const steps = Object.entries(dependencies).map(([id, dependsOn]): DrawingStep => ({
    id,
    type: id,
    dependsOn,
    note: 'said',
  }));
  return drawTree(foldSteps(steps, path), width).map(plain);
}

describe('a graph as an indented list', () => {
  test('branches are indented, chains are not, and what joins them stands below where they parted', () => {
    expect(
      drawn({ a: [], b: ['a'], x: ['b'], x2: ['x'], y: ['b'], end: ['x2', 'y'] }, 80, [
        'a',
        'b',
        'x',
        'x2',
        'end',
      ]),
    ).toEqual([
      '◆ a               said',
      '◆ b               said',
      '◆ ├─ x            said',
      '◆ │  x2           said',
      '  ├─ y            said',
      '◆ └─ end          said  after x2, y',
    ]);
  });

  test('no line is longer than the window', () => {
    const lines = drawn({ 'a-name-that-is-much-longer-than-the-window-in-which-it-is-shown': [], b: [] }, 40);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
  });

  test('a chain of 10,000 steps is 10,000 lines', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`s${i}`, i === 0 ? [] : [`s${i - 1}`]]),
    );
    const lines = drawn(chain);
    expect(lines).toHaveLength(10_000);
    expect(lines[9_999]).toBe('  s9999           said');
  });
});
