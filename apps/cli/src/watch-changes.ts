import { followEvents } from './api/follow-events';
import { HttpApi, type Query } from './api/http-api';
import type { GlobalOptions } from './command';
import { EXIT } from './faults';
import type { Io } from './io';

export interface Changes<T> {
  /** Of the communicator. */
  path: string;
  query: Query;
  /** The id to go on behind. */
  after: string | undefined;
  /** For people; undefined where there is nothing to say. */
  line: (change: T, event: string) => string | undefined;
  /** With `-o name`. */
  name: (change: T, event: string) => string | undefined;
}

/** Prints what comes until Ctrl-C or `--timeout`: a line for each change, for programs as JSON. */
export async function watchChanges<T>(changes: Changes<T>, global: GlobalOptions, io: Io): Promise<number> {
  const over = new AbortController();
  const stopListening = io.onInterrupt(() => over.abort());
  const cancelTimeout =
    global.timeoutMs === undefined ? undefined : io.clock.after(global.timeoutMs, () => over.abort());
  const { path, query, after } = changes;
  const onBroken = (): void => void io.stderr.write('the stream broke; going on\n');
  try {
    const api = new HttpApi(global.communicator);
    for await (const { event, data } of followEvents(api, io.clock, {
      ...{ path, query, after, onBroken },
      signal: over.signal,
    })) {
      // Whatever was missed, the newest of everything comes with the next connection.
      const text = event === 'gap' ? undefined : printed(changes, event, data, global);
      if (text !== undefined) io.stdout.write(`${text}\n`);
    }
  } finally {
    stopListening();
    cancelTimeout?.();
  }
  return EXIT.ok;
}

function printed<T>(
  { line, name }: Changes<T>,
  event: string,
  data: string,
  { format }: GlobalOptions,
): string | undefined {
  const change = JSON.parse(data) as T; // the server's own contract, passed on as it came
  if (format === 'table' || format === 'wide') return line(change, event);
  return format === 'name' ? name(change, event) : JSON.stringify({ event, ...change });
}
