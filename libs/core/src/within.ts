import type { Cancel, Clock } from './clock';

/** What `work` comes to, or what `late` returns or throws once `ms` have passed. The work itself is not ended. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => T): Promise<T> {
  let cancel: Cancel = () => undefined;
  const timeUp = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  return Promise.race([work, timeUp.then(late)]).finally(() => cancel());
}
