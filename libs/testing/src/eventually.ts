import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface EventuallyOptions {
  /** How long to keep asking; 20 seconds unless told. */
  timeoutMs?: number;
  /** What is being waited for, for the failure message; a function is asked at the time of the failure. */
  describe?: string | (() => string | Promise<string>);
}

type Falsy = false | 0 | '' | null | undefined;
type Outcome<T> = { met: true; value: Exclude<T, Falsy> } | { met: false; why: string };

/** On a busy machine a second may hold what a tenth of one does elsewhere. Only a test that fails waits to the end. */
const DEFAULT_TIMEOUT_MS = 20_000;
const FIRST_POLL_MS = 1;
const LONGEST_POLL_MS = 50;

/**
 * Asks `check` again and again until it returns something truthy, and returns that.
 * A falsy value (so also a check that returns nothing) and a thrown error both mean "not yet"; the last of them is part of the
 * message when the time is over.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, Falsy>> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  let pollMs = FIRST_POLL_MS;
  let why = 'the check never answered';
  for (;;) {
    const remainingMs = deadline - performance.now();
    const outcome = await ask(check, Math.max(1, remainingMs));
    if (outcome.met) return outcome.value;
    // Once the time is over, a cut-off check says less than the last answer it gave.
    if (remainingMs > 0) why = outcome.why;
    if (performance.now() + pollMs > deadline) break;
    await delay(pollMs);
    pollMs = Math.min(LONGEST_POLL_MS, pollMs * 2);
  }
  throw new Error(`${await nameOf(options)} did not happen within ${timeoutMs} ms; last time ${why}`);
}

async function ask<T>(check: () => T | Promise<T>, withinMs: number): Promise<Outcome<T>> {
  const cutOff = new AbortController();
  const tooLate = delay(withinMs, undefined, { signal: cutOff.signal }).then(
    (): Outcome<T> => ({ met: false, why: `the check gave no answer in ${Math.round(withinMs)} ms` }),
    (): Outcome<T> => ({ met: false, why: 'the check was cut off' }),
  );
  try {
    return await Promise.race([answerOf(check), tooLate]);
  } finally {
    cutOff.abort();
  }
}

async function answerOf<T>(check: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await check();
    // Truthy is exactly what Falsy leaves over; the compiler cannot follow that through a type parameter.
    if (value) return { met: true, value: value as Exclude<T, Falsy> };
    return { met: false, why: `the check returned ${inspect(value)}` };
  } catch (error) {
    return { met: false, why: `the check threw: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function nameOf({ describe }: EventuallyOptions): Promise<string> {
  if (describe === undefined) return 'the condition';
  return typeof describe === 'string' ? describe : await describe();
}
