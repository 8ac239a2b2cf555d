import { join } from 'node:path';
import { keys, MultiswarmError } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';

const pinScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'pin-meta.lua'));

/** Of what the stores of this service write: to be raised when an older version could not read it, or this one not the older. */
const FORMAT = 3;

/**
 * `SHARDS` is fixed by the first start: ids embed their shard. A start with another value is refused, and so is one on data
 * of another format: its tasks would not be found, as if they had never been accepted.
 */
export async function pinShards(store: Store, shards: number): Promise<void> {
  const pinned = (await store.run(pinScript, [keys.meta()], [shards, FORMAT])) as [string, string];
  const [storedShards, storedFormat] = pinned.map(Number);
  if (storedFormat !== FORMAT) {
    const message = `the data in Redis has format ${storedFormat}, this version reads ${FORMAT}: start with an empty Redis, or with the version that made the data`;
    throw refused('/REDIS_URL', 'format', message);
  }
  if (storedShards !== shards) {
    const message = `this data was made with SHARDS=${storedShards}, not ${shards}: start with SHARDS=${storedShards}`;
    throw refused('/SHARDS', 'shards', message);
  }
}

function refused(pointer: string, code: string, message: string): MultiswarmError {
  return new MultiswarmError('invalid-configuration', message, { findings: [{ pointer, code, message }] });
}
