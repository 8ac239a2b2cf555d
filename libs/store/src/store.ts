import { MultiswarmError } from '@multiswarm/contracts';
import { Redis } from 'ioredis';
import type { Script } from './script';
import { ScriptCall } from './script-call';

export interface StoreOptions {
  url: string;
  /** Shown in CLIENT LIST. */
  name: string;
  onFault?: (error: unknown) => void;
  /** How long Redis may say nothing while it owes an answer; 5,000 ms unless told. */
  silenceMs?: number;
}

const SILENCE_MS = 5_000;

/**
 * A connection to Redis that never does a thing twice.
 *
 * S1. A command that was sent when the connection broke is not sent again by the client: it is rejected, and the caller,
 *     who knows whether it may be repeated, decides. (The client's own resend has been seen to increment twice.)
 * S2. While disconnected a command is rejected at once instead of being queued without a limit.
 * S3. A server that owes an answer and stays silent is a lost connection: nobody waits longer than for a dead one. What was
 *     sent may still be done when it wakes up.
 * S4. Faults of the connection are `store-unavailable`; answers of Redis that are errors pass through as they are.
 */
export class Store {
  readonly redis: Redis;

  private constructor(redis: Redis) {
    this.redis = redis;
  }

  /** Connects, or throws `store-unavailable` with the address and the remedy. Reconnects for ever afterwards. */
  static async connect(options: StoreOptions): Promise<Store> {
    const redis = new Redis(options.url, {
      lazyConnect: true,
      connectionName: options.name,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: false,
      socketTimeout: options.silenceMs ?? SILENCE_MS,
      // Covers the time until TCP is connected; the silence afterwards is S3.
      connectTimeout: options.silenceMs ?? SILENCE_MS,
      // Keeps a process alive even where the connection is gone already; nothing is under way when we disconnect.
      disconnectTimeout: 100,
      retryStrategy: (times) => Math.min(1_000, 50 * times),
    });
    redis.on('error', (error) => options.onFault?.(error));
    redis.on('close', () => forgetSilence(redis));
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      const detail = `no Redis server answers at ${options.url}: start one (redis-server) or set REDIS_URL`;
      throw new MultiswarmError('store-unavailable', detail, { cause: error });
    }
    return new Store(redis);
  }

  get connected(): boolean {
    return this.redis.status === 'ready';
  }

  onReconnect(listener: () => void): void {
    this.redis.on('ready', listener);
  }

  /** Runs a script by its hash, sending the source only where the server does not know it yet. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.runKnown(script, keys, args);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      await this.load(script);
      return this.runKnown(script, keys, args);
    }
  }

  /** As `run`, but rejects with an error for which `isUnknownScript` holds where the server does not know the script. */
  runKnown(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.send(new ScriptCall(script, keys, args));
  }

  /** As `runKnown`. */
  send(call: ScriptCall): Promise<unknown> {
    return this.guard(async (redis) => redis.sendCommand(call));
  }

  /** Makes the script known to the server. */
  async load(script: Script): Promise<void> {
    await this.guard((redis) => redis.script('LOAD', script.source));
  }

  /** What `send` asks for leaves in one write to the socket; each command keeps its own answer or failure. */
  together<T>(send: () => T): T {
    const { stream } = this.redis;
    stream.cork();
    try {
      return send();
    } finally {
      stream.uncork();
    }
  }

  /** Any read or write through the client, with faults of the connection as `store-unavailable`. */
  async guard<T>(use: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await use(this.redis);
    } catch (error) {
      if (isConnectionFault(error))
        throw new MultiswarmError('store-unavailable', 'Redis does not answer', { cause: error });
      throw error;
    }
  }

  /** Round trip in milliseconds by the given monotonic clock; throws when there is none. */
  async pingMs(monotonic: () => number): Promise<number> {
    const start = monotonic();
    await this.guard((redis) => redis.ping());
    return monotonic() - start;
  }

  /**
   * Faults of the server's configuration that would break the promise of durability. Empty where CONFIG is not allowed.
   * `appendfsync` is none: what it may cost, the last second of a failing machine, is for the operator to weigh.
   */
  async durabilityFaults(): Promise<string[]> {
    const settings = await this.redis.config('GET', 'maxmemory-policy', 'appendonly').catch(() => undefined);
    if (!Array.isArray(settings)) return [];
    const values = new Map<string, string>();
    for (let index = 0; index + 1 < settings.length; index += 2)
      values.set(String(settings[index]), String(settings[index + 1]));
    const faults: string[] = [];
    if (values.get('maxmemory-policy') !== 'noeviction')
      faults.push('maxmemory-policy must be noeviction: Redis would drop tasks when memory is short');
    if (values.get('appendonly') !== 'yes')
      faults.push('appendonly must be yes: a restart of Redis would forget tasks');
    return faults;
  }

  async close(): Promise<void> {
    if (this.connected) await this.redis.quit().catch(() => undefined);
    this.redis.disconnect();
  }
}

/**
 * ioredis 5.11 leaves the timer of `socketTimeout` running when the connection ends, and would end the next one with it, in the
 * middle of whatever that does. Private to it, hence the brackets; a test notices when this is not needed or does not help any more.
 */
function forgetSilence(redis: Redis): void {
  clearTimeout(redis['socketTimeoutTimer'] as NodeJS.Timeout | undefined);
  redis['socketTimeoutTimer'] = undefined;
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith('NOSCRIPT');
}

const CONNECTION_FAULTS = [
  'Connection is closed',
  "Stream isn't writeable",
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'Reached the max retries',
  'Command aborted',
];

export function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // An answer of Redis may quote anything; of its own faults only this one passes by itself.
  if (error.name === 'ReplyError') return error.message.startsWith('LOADING ');
  const text = `${error.name} ${error.message} ${'code' in error ? String(error.code) : ''}`;
  return CONNECTION_FAULTS.some((fault) => text.includes(fault));
}
