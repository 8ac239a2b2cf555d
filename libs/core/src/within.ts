import type { Clock } from './clock';
import { deferred } from './deferred';

/** What `work` comes to, or what `late` returns or throws once `ms` have passed. The work itself is not ended. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => T): Promise<T> {
  // Settled by hand: a race of promises makes six more of them, and this is done for every request.
  const outcome = deferred<T>();
  const cancel = clock.after(ms, () => {
    try {
      outcome.resolve(late());
    } catch (error) {
      outcome.reject(error);
    }
  });
  work.then(
    (value) => {
      cancel();
      outcome.resolve(value);
    },
    (error: unknown) => {
      cancel();
      outcome.reject(error);
    },
  );
  return outcome.promise;
}
