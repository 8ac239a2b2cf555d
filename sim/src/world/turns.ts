/** Taken once: a run replaces the timers of the process to catch code that does not use its clock. */
const nextTurn = setImmediate;
/** A turn of the event loop costs two system calls; Node runs all immediates of one turn, and the microtasks after each. */
const STEPS_PER_TURN = 64;

/**
 * Calls `step` until it answers false. Between two calls everything settles that needs no timer and no input: Node empties
 * the queues of microtasks and `process.nextTick` after every immediate.
 */
export function drive(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let ahead = 0;
    let ended = false;
    const one = (): void => {
      ahead -= 1;
      if (ended) return;
      try {
        ended = !step();
      } catch (error) {
        ended = true;
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      if (ended) resolve();
      else if (ahead === 0) more();
    };
    const more = (): void => {
      ahead = STEPS_PER_TURN;
      for (let count = 0; count < STEPS_PER_TURN; count += 1) nextTurn(one);
    };
    more();
  });
}
