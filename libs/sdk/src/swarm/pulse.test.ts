import { ManualClock } from '@multiswarm/core';
import { Pulse } from './pulse';

function pulse(next = 0.5, held = 0) {
  const clock = new ManualClock();
  const beats: number[] = [];
  const made = new Pulse({
    intervalMs: 2_000,
    clock,
    random: { next: () => next },
    beat: () => void beats.push(clock.monotonic()),
    held: () => held,
  });
  return { clock, beats, pulse: made };
}

describe('the pulse', () => {
  test('beats at the start and then at every interval', () => {
    const { clock, beats, pulse: made } = pulse();
    made.start();
    clock.advance(6_000);
    expect(beats).toEqual([0, 2_000, 4_000, 6_000]);
  });

  test('spreads its interval by a tenth', () => {
    const { clock, beats, pulse: made } = pulse(0);
    made.start();
    clock.advance(1_800);
    expect(beats).toEqual([0, 1_800]);
  });

  test('beats soon after changes, many changes together, and at most once in 100 ms', () => {
    const { clock, beats, pulse: made } = pulse();
    made.start();
    clock.advance(500);
    for (let change = 0; change < 10; change++) {
      made.soon();
      clock.advance(20);
    }
    clock.advance(100);
    expect(beats).toEqual([0, 500, 600, 700]);
  });

  test('beats less often after changes the more attempts it lists', () => {
    const { clock, beats, pulse: made } = pulse(0.5, 200);
    made.start();
    for (let change = 0; change < 50; change++) {
      clock.advance(20);
      made.soon();
    }
    expect(beats).toEqual([0, 300, 600, 900]);
  });

  test('is silent before its start and after its stop', () => {
    const { clock, beats, pulse: made } = pulse();
    made.soon();
    made.now();
    clock.advance(5_000);
    made.start();
    made.soon();
    made.stop();
    clock.advance(5_000);
    expect(beats).toHaveLength(1);
  });
});
