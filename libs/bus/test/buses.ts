import { connectBus, type Bus, type BusOptions } from '@multiswarm/bus';
import { startNats, type NatsOptions, type TestServer } from '@multiswarm/testing';

/** A real nats-server and what is connected to it, ended in the opposite order. */
export class Buses {
  private readonly open: Bus[] = [];

  private constructor(readonly nats: TestServer) {}

  static async start(options: NatsOptions = {}): Promise<Buses> {
    return new Buses(await startNats(options));
  }

  async connect(options: Partial<BusOptions> = {}): Promise<Bus> {
    const bus = await connectBus({ servers: this.nats.url, name: 'test', ...options });
    this.open.push(bus);
    return bus;
  }

  /** Closes the connections and leaves the server: for afterEach. */
  async disconnect(): Promise<void> {
    await Promise.all(this.open.splice(0).map((bus) => bus.close()));
  }

  async stop(): Promise<void> {
    await this.disconnect();
    await this.nats.stop();
  }
}

/** A promise and its resolver: for tests that decide when something goes on. */
export function gate<T = void>(): { opened: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}
