import { join } from 'node:path';
import { keys, MessageStatus } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { StatusStore } from '../../ports';

/** How long a status is kept. */
export const STATUS_KEEP_MS = 10 * 60_000;
/** Statuses kept over all replicas: a status of a direct message takes about 400 bytes of Redis. */
export const STATUS_KEEP_MAX = 50_000;

const recordScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'status-record.lua'));

export interface StatusLimits {
  keepMs: number;
  keepMax: number;
}

/** Statuses in one hash with a sorted set of their times, so that a script can drop the oldest in the same step. */
export class RedisStatusStore implements StatusStore {
  constructor(
    private readonly store: Store,
    private readonly limits: StatusLimits = { keepMs: STATUS_KEEP_MS, keepMax: STATUS_KEEP_MAX },
  ) {}

  async record(status: MessageStatus): Promise<void> {
    const { keepMs, keepMax } = this.limits;
    await this.store.run(
      recordScript,
      [keys.messageStatuses(), keys.messageTimes()],
      [status.id, JSON.stringify(status), Date.parse(status.acceptedAt), keepMs, keepMax],
    );
  }

  async find(id: string): Promise<MessageStatus | undefined> {
    const text = await this.store.guard((redis) => redis.hget(keys.messageStatuses(), id));
    return text === null ? undefined : MessageStatus.parse(JSON.parse(text));
  }

  async forget(id: string): Promise<void> {
    await this.store.guard(async (redis) => {
      await redis.multi().hdel(keys.messageStatuses(), id).zrem(keys.messageTimes(), id).exec();
    });
  }
}
