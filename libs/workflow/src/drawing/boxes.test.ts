import { drawBoxes } from './boxes';
import { foldSteps } from './fold';
import { plain } from './ink';
import type { DrawingStep } from './step';

function drawn(
  dependencies: Record<string, string[]>,
  path: string[] = [],
  width = 80,
): string[] | undefined {
  const steps = Object.entries(dependencies).map(([id, dependsOn]): DrawingStep => ({
    id,
    type: 'work',
    dependsOn,
  }));
  return drawBoxes(foldSteps(steps, path), { width })?.map(plain);
}

describe('a graph as boxes', () => {
  test('a diamond, with its critical path in heavy lines', () => {
    expect(drawn({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }, ['a', 'b', 'd'])).toEqual([
      '     ┏━━━━━┓',
      '     ┃  a  ┃',
      '     ┗━━┳━━┛',
      '   ┏━━━━┹───╮',
      '┏━━┻━━┓  ╭──┴──╮',
      '┃  b  ┃  │  c  │',
      '┗━━┳━━┛  ╰──┬──╯',
      '   ┗━━━┱────╯',
      '    ┏━━┻━━┓',
      '    ┃  d  ┃',
      '    ┗━━━━━┛',
    ]);
  });

  test('an edge that is longer than one layer passes beside what lies between', () => {
    expect(drawn({ a: [], b: ['a'], c: ['a', 'b'] })).toEqual([
      '   ╭─────╮',
      '   │  a  │',
      '   ╰──┬──╯',
      '   ╭──┴──╮',
      '╭──┴──╮  │',
      '│  b  │  │',
      '╰──┬──╯  │',
      '   ╰────┬╯',
      '     ╭──┴──╮',
      '     │  c  │',
      '     ╰─────╯',
    ]);
  });

  test('lines that only cross do not touch', () => {
    const lines = drawn({ a: [], b: [], x: ['a'], y: ['a', 'b'], z: ['b', 'x'] }) ?? [];
    expect(lines.join('\n')).not.toMatch(/[┼╋]/);
  });

  test('what is too wide for the window is drawn narrower, then not at all', () => {
    const names = ['first-of-the-long-names', 'second-of-the-long-names', 'third-of-the-long-names'];
    const wide = Object.fromEntries(names.map((name) => [name, [] as string[]]));
    expect(drawn(wide, [], 100)?.join('')).toContain('second-of-the-long-names');
    const narrow = drawn(wide, [], 70) ?? [];
    expect(narrow.join('')).toContain('…');
    expect(Math.max(...narrow.map(({ length }) => length))).toBeLessThanOrEqual(70);
    expect(drawn(wide, [], 40)).toBeUndefined();
  });

  test('every line of any drawing fits the width that was given', () => {
    const dependencies = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `${'abcdefghij'[i % 10]}${i}`,
        i < 3 ? [] : [`${'abcdefghij'[(i - 3) % 10]}${i - 3}`, `${'abcdefghij'[(i - 2) % 10]}${i - 2}`],
      ]),
    );
    const lines = drawn(dependencies, [], 80) ?? [];
    expect(lines.length).toBeGreaterThan(30);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});
