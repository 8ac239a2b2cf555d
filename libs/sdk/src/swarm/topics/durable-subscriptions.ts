import {
  MultiswarmError,
  parseOrThrow,
  SubscribeMailbox,
  subjects,
  TOPIC_EVENT_KIND,
  TopicSubscription as Kept,
  type TopicStart,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import type { Door } from '../sharing/door';
import type { SwarmMessages } from '../types';
import { EventHandlers } from './event-handlers';
import { GroupMailbox } from './group-mailbox';
import type { EventHandler, TopicSubscription } from './types';

export interface Asked {
  pattern: string;
  /** Of the group; undefined: the swarm's own. */
  mailbox: string | undefined;
  from: TopicStart | undefined;
  schema: z.ZodType | undefined;
  handler: EventHandler<never>;
}

/** Subscriptions that outlive this process: mailboxes subscribe, and this swarm handles what comes out of them. */
export class DurableSubscriptions {
  private readonly own = new EventHandlers();
  private readonly groups = new Map<string, GroupMailbox>();
  private isHeard = false;

  constructor(
    private readonly door: Door,
    private readonly messages: Pick<SwarmMessages, 'on'>,
  ) {}

  /** The handler is there before the first event can come. */
  async subscribe({ pattern, mailbox, from, schema, handler }: Asked): Promise<TopicSubscription> {
    const { swarmId, namespace } = this.door.options;
    if (mailbox === swarmId) {
      const text = `the group "${mailbox}" has the name of this swarm: take another one, or mode "each"`;
      throw new MultiswarmError('invalid-request', text);
    }
    const asked = {
      namespace,
      pattern,
      mailbox: mailbox ?? swarmId,
      ...(from === undefined ? {} : { from }),
    };
    const body = parseOrThrow(SubscribeMailbox, asked);
    const registered = { pattern, schema, handler };
    const stop = mailbox === undefined ? this.handleOwn(registered) : this.handleInGroup(mailbox, registered);
    try {
      const { id } = await this.door.ask(subjects.topicSubscription('make'), body, Kept);
      const unsubscribe = async (): Promise<void> => {
        await this.door.ask(subjects.topicSubscription('end'), { id }, Kept);
        stop();
      };
      return { dropped: 0, stop, unsubscribe };
    } catch (error) {
      stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    const groups = [...this.groups.values()];
    this.groups.clear();
    await Promise.all(groups.map((group) => group.stop()));
  }

  private handleOwn(registered: Parameters<EventHandlers['add']>[0]): () => void {
    if (!this.isHeard) this.messages.on(TOPIC_EVENT_KIND, (message) => this.own.run(message));
    this.isHeard = true;
    return this.own.add(registered);
  }

  private handleInGroup(name: string, registered: Parameters<EventHandlers['add']>[0]): () => void {
    const known = this.groups.get(name);
    const group = known ?? new GroupMailbox(this.door, name);
    const remove = group.handlers.add(registered);
    if (!known) {
      this.groups.set(name, group);
      group.start();
    }
    return () => {
      remove();
      if (!group.handlers.isEmpty || this.groups.get(name) !== group) return;
      this.groups.delete(name);
      void group.stop();
    };
  }
}
