import { Store, type StoreOptions } from '@multiswarm/store';
import { startRedis, type RedisOptions, type TestServer } from '@multiswarm/testing';

/** A real redis-server and what is connected to it, ended in the opposite order. */
export class Stores {
  private readonly open: Store[] = [];

  private constructor(readonly redis: TestServer) {}

  static async start(options: RedisOptions = {}): Promise<Stores> {
    return new Stores(await startRedis(options));
  }

  async connect(options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = await Store.connect({ url: this.redis.url, name: 'test', ...options });
    this.open.push(store);
    return store;
  }

  async stop(): Promise<void> {
    await Promise.all(this.open.splice(0).map((store) => store.close()));
    await this.redis.stop();
  }
}
