import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { sse } from '@multiswarm/service';

type Response = Parameters<typeof sse>[0];

/** What is told of one change. */
export interface Told {
  event: string;
  /** Missing where there is no place to come back to. */
  id?: number;
  data: unknown;
}

/** Streams of changes over HTTP, no more than a limit (`STATE_WATCHERS`, `TOPIC_WATCHERS`, `DIRECTORY_WATCHERS`) at a time: each has a consumer in NATS, or is told by this process. */
export class Watching {
  private open = 0;

  constructor(
    private readonly limit: 'STATE_WATCHERS' | 'TOPIC_WATCHERS' | 'DIRECTORY_WATCHERS' = 'STATE_WATCHERS',
  ) {}

  /**
   * Sends what a watch brings until the reader leaves, no faster than it reads.
   * @throws MultiswarmError `too-many-watchers`, or what `watch` throws, before the stream begins
   */
  async stream<T>(
    response: Response,
    watch: () => Promise<{ entries: AsyncIterable<T>; close: () => void }>,
    toTold: (entry: T) => Told | undefined,
  ): Promise<void> {
    if (this.open >= LIMITS[this.limit])
      throw new MultiswarmError(
        'too-many-watchers',
        `${this.open} readers watch here already (${this.limit}): ask another communicator, or later`,
      );
    this.open += 1;
    try {
      const { entries, close } = await watch();
      const out = sse(response);
      out.ended.addEventListener('abort', close, { once: true });
      if (out.ended.aborted) close();
      out.comment('watching');
      for await (const entry of entries) {
        const told = toTold(entry);
        if (told && !(out.send(told) && (await out.room()))) break;
      }
      close();
      out.end();
    } finally {
      this.open -= 1;
    }
  }
}
