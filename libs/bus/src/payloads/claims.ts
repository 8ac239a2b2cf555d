import { MultiswarmError, streamOfBucket } from '@multiswarm/contracts';
import { systemRandom, type Clock } from '@multiswarm/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { ConditionalWrites } from '../key-value/conditional';

const ANSWER_MS = 5_000;

/** How descriptions of payloads are written: over the one that was seen, or not at all, also by clusters that would take two such writes. */
export function descriptionWrites(
  connection: NatsConnection,
  clock: Clock,
  bucket: string,
): ConditionalWrites {
  return new ConditionalWrites(connection, streamOfBucket(bucket), {
    timeoutMs: ANSWER_MS,
    clock,
    random: systemRandom,
  });
}

/** Whether somebody else has said something of the payload since it was looked at. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'revision-conflict';
}
