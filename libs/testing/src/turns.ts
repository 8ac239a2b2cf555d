import type { ManualClock } from '@multiswarm/core';

/** Lets everything that is due run: promises, microtasks and the turns that `setImmediate` asks for. */
export async function turns(count = 8): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass in steps, and what it sets off happen in between. */
export async function pass(clock: ManualClock, ms: number, stepMs = 50): Promise<void> {
  await turns();
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed));
    await turns(4);
  }
}
