import { lastStored, storeMessage, type Bus } from '@multiswarm/bus';
import { MessageStatus, streams, subjects } from '@multiswarm/contracts';
import type { StatusStore } from '../../ports';

/** Statuses in a stream with one message for each, which drops the oldest by age and by size. */
export class JetStreamStatusStore implements StatusStore {
  constructor(
    private readonly bus: Bus,
    private readonly domain: string,
  ) {}

  async record(status: MessageStatus): Promise<void> {
    const subject = subjects.messageStatus(this.domain, status.id);
    await storeMessage(this.bus.connection, subject, JSON.stringify(status));
  }

  async find(id: string): Promise<MessageStatus | undefined> {
    const subject = subjects.messageStatus(this.domain, id);
    const stored = await lastStored(this.bus.connection, streams.messageStatuses, subject);
    return stored && MessageStatus.parse(JSON.parse(stored.data.toString('utf8')));
  }
}
