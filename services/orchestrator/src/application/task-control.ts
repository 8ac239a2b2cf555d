import { LIMITS, MultiswarmError, type Accepted, type JsonValue, type Task } from '@multiswarm/contracts';
import { jsonBytes, type Clock } from '@multiswarm/core';
import type { WishedFor } from '../domain/task/record';
import type { Gateway } from './gateway';
import type { Reads } from './reads';
import type { UserCommand } from './owner-commands';

interface Told {
  id: string;
  requestedBy?: string | undefined;
}

/** What people do to tasks that are there. Each answers with the task as it is afterwards, and says why where it cannot be done. */
export class TaskControl {
  constructor(
    private readonly gateway: Gateway,
    private readonly reads: Reads,
    private readonly clock: Clock,
  ) {}

  /** One that runs is told, and ends as cancelled unless it succeeds first. */
  cancel({ id, ...asked }: Told & WishedFor): Promise<Task> {
    return this.tell(id, { kind: 'cancel', ...asked });
  }

  /** No new attempt begins until it is resumed; one that runs goes on. */
  pause({ id, ...asked }: Told & WishedFor): Promise<Task> {
    return this.tell(id, { kind: 'pause', ...asked });
  }

  resume({ id, requestedBy }: Told): Promise<Task> {
    return this.tell(id, { kind: 'resume', requestedBy });
  }

  /** @throws MultiswarmError `body-too-large` */
  signal({ id, name, payload }: { id: string; name: string; payload: JsonValue }): Promise<Task> {
    checkSignal(payload);
    return this.tell(id, { kind: 'signal', signal: { name, payload, at: this.clock.now() } });
  }

  /** Another try at once; what has ended without success is active again. */
  retry({ id, requestedBy }: Told): Promise<Task> {
    return this.tell(id, { kind: 'retry', requestedBy });
  }

  /** The same work once more, as a task of its own. */
  rerun(
    { id, idempotencyKey }: { id: string; idempotencyKey?: string | undefined },
    traceparent: string,
  ): Promise<Accepted> {
    return this.gateway.rerun(id, idempotencyKey, traceparent);
  }

  private async tell(id: string, command: UserCommand): Promise<Task> {
    await this.gateway.command(id, command);
    return this.reads.task(id, 0);
  }
}

/** @throws MultiswarmError `body-too-large` */
export function checkSignal(payload: JsonValue): void {
  const bytes = jsonBytes(payload);
  if (bytes > LIMITS.SIGNAL_BYTES) {
    const message = `the payload has ${bytes} bytes, a signal carries ${LIMITS.SIGNAL_BYTES}`;
    throw new MultiswarmError('body-too-large', message, {
      findings: [{ pointer: '/payload', code: 'too-large', message }],
    });
  }
}
