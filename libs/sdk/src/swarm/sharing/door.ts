import type { Bus } from '@multiswarm/bus';
import { MultiswarmError, type ErrorCode } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import { startSpan, type Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';

export interface DoorOptions {
  swarmId: string;
  region: string;
  namespace: string;
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Logger;
}

/** The way of a started swarm to the communicator. */
export class Door {
  private opened: Bus | undefined;

  constructor(readonly options: DoorOptions) {}

  open(bus: Bus): void {
    this.opened = bus;
  }

  close(): void {
    this.opened = undefined;
  }

  get isOpen(): boolean {
    return this.opened !== undefined;
  }

  /** @throws MultiswarmError `bus-unavailable` before the swarm is started */
  get bus(): Bus {
    if (this.opened) return this.opened;
    throw new MultiswarmError('bus-unavailable', 'the swarm is not started: start() it first');
  }

  async ask<S extends z.ZodType>(subject: string, body: object, reply: S): Promise<z.output<S>> {
    const { namespace } = this.options;
    const span = startSpan(`multiswarm.swarm ${subject}`, { kind: 'client' });
    try {
      const { traceparent } = span;
      const answer = await this.bus.request(subject, { namespace, ...body }, { reply, traceparent });
      span.end();
      return answer;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }
}

export function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof MultiswarmError && codes.includes(error.code);
}
