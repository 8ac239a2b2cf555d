import { foldSteps } from './fold';
import { drawGantt } from './gantt';
import { plain } from './ink';
import type { DrawingStep } from './step';

const T0 = 1_000_000;
const seconds = (ms: number): string => `${ms / 1_000} s`;

function drawn(steps: readonly DrawingStep[], now: number, to: number, path: string[] = []): string[] {
  return drawGantt(foldSteps(steps, path), {
    width: 60,
    now: T0 + now,
    from: T0,
    to: T0 + to,
    formatMs: seconds,
  }).map(plain);
}

function step(id: string, dependsOn: string[], more: Partial<DrawingStep>): DrawingStep {
  return { id, type: id, dependsOn, ...more };
}

describe('a Gantt chart', () => {
  test('what waited, ran and is expected has its own sign, and the present and the critical path are marked', () => {
    const steps = [
      step('a', [], { state: 'succeeded', startedAt: T0, endedAt: T0 + 10_000 }),
      step('b', ['a'], { state: 'running', startedAt: T0 + 15_000, expectedEndAt: T0 + 30_000 }),
      step('c', ['b'], { state: 'blocked', expectedStartAt: T0 + 30_000, expectedEndAt: T0 + 40_000 }),
      step('unknown', ['c'], { state: 'blocked' }),
    ];
    expect(drawn(steps, 20_000, 40_000, ['a', 'b', 'c'])).toEqual([
      '            0 s                   20 s',
      '◆ ✓ a       ███████████           │',
      expect.stringMatching(/^◆ ▶ b +┈+█+░+ *$/),
      expect.stringMatching(/^◆ · c +│ +░+$/),
      expect.stringMatching(/^ {2}· unknown +│$/),
    ]);
  });

  test('of many steps as one it tells how many ran at the time', () => {
    const steps = Array.from({ length: 8 }, (_, i) =>
      step(`f${i}`, [], { type: 'f', state: 'succeeded', startedAt: T0, endedAt: T0 + (i + 1) * 1_000 }),
    );
    const [, bar = ''] = drawn(steps, 8_000, 8_000);
    expect(bar).toMatch(/✓ f\[0\.\.7\] ×8 +█+▇+▆+▅+▄+▃+▂+▁/);
  });

  test('a step that took no time at all is seen', () => {
    const [, bar = ''] = drawn(
      [step('a', [], { state: 'succeeded', startedAt: T0, endedAt: T0 })],
      10_000,
      10_000,
    );
    expect(bar).toMatch(/✓ a +█$/);
  });

  test('no line is longer than the window, whatever the steps are called', () => {
    const steps = [step('x'.repeat(100), [], { state: 'running', startedAt: T0, note: 'y'.repeat(100) })];
    for (const line of drawn(steps, 500, 1_000)) expect(line.length).toBeLessThanOrEqual(60);
  });
});
