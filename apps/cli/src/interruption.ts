import { EXIT, Fault } from './faults';
import type { Io } from './io';

/**
 * Runs something that Ctrl-C may cut short: its signal is aborted then, and the command ends with exit 130 after saying
 * what goes on without it.
 */
export async function interruptible<T>(
  io: Io,
  goesOn: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const stopListening = io.onInterrupt(() => interrupted.abort());
  try {
    return await run(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    throw new Fault('interrupted', { code: 'interrupted', exit: EXIT.interrupted, hint: goesOn });
  } finally {
    stopListening();
  }
}
