import { KeyValueBucket, type KeyValueEntry } from '@multiswarm/bus';
import { Barrier, buckets, MultiswarmError, Proposal, ProposalPage, subjects } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { z } from 'zod';
import type { Door } from './door';
import type { BarriersClient, ProposalInput, ProposalsClient } from './types';

const StoredBarrier = z.object({ round: z.number().int() });

export function proposalsOf(door: Door): ProposalsClient {
  return {
    make: (proposal: ProposalInput) => {
      const body = { proposer: door.options.swarmId, ...proposal };
      return door.ask(subjects.proposal('make'), body, Proposal);
    },
    vote: (id, choice) =>
      door.ask(subjects.proposal('vote'), { id, member: door.options.swarmId, choice }, Proposal),
    get: (id) => door.ask(subjects.proposal('get'), { id }, Proposal),
    list: (filter = {}) => door.ask(subjects.proposal('list'), filter, ProposalPage),
  };
}

export function barriersOf(door: Door): BarriersClient {
  return {
    // A watch begins with what is there, so that nothing is missed.
    wait: async (name, { parties, timeoutMs }) => {
      const { swarmId: member, namespace, clock } = door.options;
      const { round } = await door.ask(subjects.barrier('get'), { name, parties }, Barrier);
      const at = { name, parties, member, round };
      const arrived = await door.ask(subjects.barrier('arrive'), at, Barrier);
      if (arrived.round > round) return arrived.round;
      const bucket = new KeyValueBucket(door.bus.connection, buckets.agreements);
      const { entries, close } = await bucket.watch(`barrier.${namespace}.${name}`);
      const isLate = deferred<undefined>();
      const cancel = clock.after(timeoutMs, () => isLate.resolve(undefined));
      const opened = await Promise.race([roundBehind(entries, round), isLate.promise]).finally(() => {
        cancel();
        close();
      });
      if (opened !== undefined) return opened;
      const left = await door.ask(subjects.barrier('leave'), at, Barrier);
      if (left.round > round) return left.round;
      throw new MultiswarmError(
        'timeout',
        `not all of ${parties} parties arrived at the barrier "${name}" within ${timeoutMs} ms`,
      );
    },
  };
}

/** The round that follows, once it has begun; a watch begins with what is there. */
async function roundBehind(
  entries: AsyncIterable<KeyValueEntry>,
  round: number,
): Promise<number | undefined> {
  for await (const { value } of entries) {
    const seen = value === undefined ? undefined : StoredBarrier.safeParse(JSON.parse(value)).data;
    if (seen && seen.round > round) return seen.round;
  }
  return undefined;
}
