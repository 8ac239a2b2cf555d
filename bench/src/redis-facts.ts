import { Redis } from 'ioredis';

/** Keys in one page of a scan. */
const PAGE = 1_000;

/** The version that the server at this port gives. */
export async function redisVersion(port: number): Promise<string> {
  return withRedis(port, async (redis) => field(await redis.info('server'), 'redis_version'));
}

/** Bytes that Redis has allocated. */
export async function usedMemory(redis: Redis): Promise<number> {
  return Number(field(await redis.info('memory'), 'used_memory'));
}

/** Bytes by kind of key, summed over everything that `kindOf` gives the same name (MEMORY USAGE, all elements counted). */
export async function memoryByKind(
  redis: Redis,
  kindOf: (key: string) => string,
): Promise<Map<string, number>> {
  const kinds = new Map<string, number>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'COUNT', PAGE);
    cursor = next;
    const sizes = await Promise.all(found.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    found.forEach((key, at) => {
      const kind = kindOf(key);
      kinds.set(kind, (kinds.get(kind) ?? 0) + (sizes[at] ?? 0));
    });
  } while (cursor !== '0');
  return kinds;
}

/** A connection for as long as `use` needs it. */
export async function withRedis<T>(port: number, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1');
  try {
    return await use(redis);
  } finally {
    await redis.quit();
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown';
}
