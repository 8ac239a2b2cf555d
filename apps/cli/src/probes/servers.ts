import { exchange } from './exchange';

export interface NatsInfo {
  version: string;
  jetstream: boolean;
  maxPayload: number;
}

/** What a nats-server says in its greeting; undefined when none answers. */
export async function probeNats(port: number, host?: string): Promise<NatsInfo | undefined> {
  const greeting = await exchange(port, '', (reply) => reply.includes('\r\n'), host);
  if (!greeting?.startsWith('INFO ')) return undefined;
  try {
    const info: unknown = JSON.parse(greeting.slice('INFO '.length));
    if (typeof info !== 'object' || info === null) return undefined;
    return {
      version: 'version' in info ? String(info.version) : 'unknown',
      jetstream: 'jetstream' in info && info.jetstream === true,
      maxPayload: 'max_payload' in info ? Number(info.max_payload) : 0,
    };
  } catch {
    return undefined;
  }
}

export interface RedisInfo {
  version: string;
  /** The settings that decide whether acknowledged work can be lost; empty where the server does not tell. */
  config: Readonly<Record<string, string>>;
}

const REDIS_SETTINGS = ['appendonly', 'appendfsync', 'maxmemory-policy'] as const;

/** What a redis-server says of itself; undefined when none answers or it is still loading. */
export async function probeRedis(port: number, host?: string): Promise<RedisInfo | undefined> {
  const asks = [
    'PING',
    'INFO server',
    ...REDIS_SETTINGS.map((name) => `CONFIG GET ${name}`),
    'ECHO end-of-answers',
  ];
  const reply = await exchange(
    port,
    `${asks.join('\r\n')}\r\n`,
    (text) => text.includes('end-of-answers\r\n'),
    host,
  );
  if (!reply?.startsWith('+PONG')) return undefined;
  const config = REDIS_SETTINGS.flatMap((name) => {
    const value = new RegExp(`\\$${name.length}\\r\\n${name}\\r\\n\\$\\d+\\r\\n([^\\r]*)\\r\\n`).exec(
      reply,
    )?.[1];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    version: /redis_version:([^\r]+)/.exec(reply)?.[1] ?? 'unknown',
    config: Object.fromEntries(config),
  };
}
