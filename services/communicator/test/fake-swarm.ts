import { wireHeadersOf, type Bus, type Listening } from '@multiswarm/bus';
import { addressOf, fromWire, Heartbeat, subjects, type Message } from '@multiswarm/contracts';
import { z } from 'zod';

export interface Mail {
  subject: string;
  message: Message;
  headers: Record<string, string>;
}

/** The least that makes a swarm: heartbeats, an answer to the census, and a subscription to its mail. */
export class FakeSwarm {
  readonly mail: Mail[] = [];
  private readonly listening: Listening[];
  private seq = 0;

  constructor(
    private readonly bus: Bus,
    readonly id: string,
    private readonly intervalMs = 60_000,
    private readonly instance = 'only',
  ) {
    const receive = (recipient: string): Listening => {
      const subscription = bus.connection.subscribe(subjects.mailFor('*', recipient), {
        callback: (_error, received) => {
          const { subject, headers, data } = received;
          const address = addressOf(subject);
          if (address === undefined) throw new Error(`no mail: ${subject}`);
          const entries = (headers?.keys() ?? []).map((key) => [key, headers?.get(key) ?? ''] as const);
          const message = fromWire(
            address,
            wireHeadersOf(received)?.text ?? '',
            Buffer.from(data).toString(),
          );
          this.mail.push({ subject, message, headers: Object.fromEntries(entries) });
        },
      });
      return { stop: () => subscription.unsubscribe() };
    };
    const census = bus.subscribe(subjects.census(), { schema: z.unknown() }, () => this.beat());
    // Whoever is back first tells the other: the swarm by its heartbeat, the communicator by its census.
    bus.onReconnect(() => this.beat());
    this.listening = [receive(id), receive('all'), census];
  }

  beat(state: Heartbeat['state'] = 'ready'): void {
    this.seq += 1;
    const profile = { swarmId: this.id, region: 'us-east', slots: 1, types: ['*'], costPerHour: 0 };
    const empty = {
      capabilities: [],
      labels: {},
      attributes: {},
      resources: {},
      resourcesUsed: {},
      held: [],
    };
    const now = {
      v: 1,
      instance: this.instance,
      seq: this.seq,
      sentAt: Date.now(),
      intervalMs: this.intervalMs,
      state,
    };
    this.bus.publish(subjects.swarmHeartbeat(this.id), Heartbeat.parse({ ...profile, ...empty, ...now }));
  }

  stop(): void {
    this.listening.forEach((each) => each.stop());
  }
}
