import { lastMessage, Printed, type Bus } from '@multiswarm/bus';
import {
  CapacityReply,
  MultiswarmError,
  PlaceReply,
  SlotCensusReply,
  streams,
  subjects,
  type LbReport,
  type SlotCensusRequest,
} from '@multiswarm/contracts';
import { z } from 'zod';
import { afterAnswers } from '../../application/after-answers';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Capacities, EventStream, Placer, PublishedEvents } from '../../ports';

const PLACE_TIMEOUT_MS = 2_000;
const EXPLAIN_TIMEOUT_MS = 500;
/** For all shards of a replica together. */
const RESTORE_MS = 1_000;
const PublishedHead = z.object({ shard: z.number(), epoch: z.number().int(), batchSeq: z.number().int() });
/** Ends in one message. */
const MOST_ENDS = 1_000;

/**
 * What the orchestrator asks of others, over NATS. Ends of attempts are reported together, after the answers that rest on
 * them; but a placement is asked for only when they have been.
 */
export function busPlacer(bus: Bus, clock: Clock): Placer {
  let ends: LbReport['outcomes'] = [];
  const sayEnds = (): void => {
    if (ends.length === 0) return;
    const outcomes = ends;
    ends = [];
    for (let at = 0; at < outcomes.length; at += MOST_ENDS)
      say(bus, subjects.lbReport(), {
        v: 1,
        outcomes: outcomes.slice(at, at + MOST_ENDS),
      } satisfies LbReport);
  };
  return {
    place: async (epoch, items, region) => {
      sayEnds();
      const reply = await bus.request(
        subjects.lbPlace(),
        { v: 1, epoch, ...(region === undefined ? {} : { region }), items },
        { reply: PlaceReply, timeoutMs: PLACE_TIMEOUT_MS },
      );
      return reply.results;
    },
    report: (outcomes) => {
      // Lost reports are made good: a reservation expires, and heartbeats say what is held.
      if (ends.length === 0) afterAnswers(clock, sayEnds);
      for (const outcome of outcomes) ends.push(outcome);
    },
  };
}

/** Asks any load-balancer what the fleet has for a class of tasks. */
export function busCapacities(bus: Bus): Capacities {
  return {
    capacity: async (asked) => {
      const body = { v: 1, ...asked };
      const answer = { reply: CapacityReply, timeoutMs: EXPLAIN_TIMEOUT_MS };
      const { v: _version, ...capacity } = await bus.request(subjects.lbExplain(), body, answer);
      return capacity;
    },
  };
}

/** Asks any load-balancer which slots of a shard it counts. */
export function busSlotCensus(bus: Bus) {
  return (asked: SlotCensusRequest): Promise<SlotCensusReply> =>
    bus.request(subjects.lbCensus(), asked, { reply: SlotCensusReply, timeoutMs: PLACE_TIMEOUT_MS });
}

/**
 * The stream of events.
 * @param restore makes the stream where it is not there: a NATS server that has lost its data has lost it too, and what is in
 * the outboxes could go nowhere until the next start
 */
export function busEventStream(
  bus: Bus,
  clock: Clock,
  lastEvents: EventStream['last'],
  logger: Pick<Logger, 'warn'>,
  restore?: () => Promise<void>,
): EventStream {
  const warned = new Set<number>();
  const lastKnown = async (shard: number): Promise<PublishedEvents | undefined> => {
    try {
      const last = await lastEvents(shard);
      warned.delete(shard);
      return last;
    } catch (error) {
      if (!(error instanceof ForeignEvents)) throw error;
      // Who then publishes something twice is found out by its number; who waited until it can be read would wait for ever.
      if (!warned.has(shard)) logger.warn('events go on behind a foreign message', { shard, error });
      warned.add(shard);
      return undefined;
    }
  };
  let restoredAt = -Infinity;
  const orRestore = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (restore && bus.connected && clock.monotonic() - restoredAt > RESTORE_MS) {
        restoredAt = clock.monotonic();
        await restore().catch(() => undefined); // the relay tries again, and so does this
      }
      throw error;
    }
  };
  return {
    publish: async ({ shard, epoch, batchSeq, text }) => {
      // Of the entry, whoever publishes it: a successor gives what it finds the id that it had. Data that was set back
      // unseen gives numbers out again, and other things under them: those are of a later epoch.
      const options = { messageId: `${shard}.${batchSeq}.${epoch}` };
      await orRestore(() => bus.publishStored(subjects.event(shard), new Printed(text), options));
    },
    last: (shard) => orRestore(() => lastKnown(shard)),
  };
}

/** The last message of a shard is none of ours: what was published before it cannot be told. */
class ForeignEvents extends Error {
  constructor(shard: number) {
    super(`the last message of shard ${shard} in the event stream is no batch of it`);
    this.name = 'ForeignEvents';
  }
}

/**
 * The last message of a shard that the stream has; undefined where it has none.
 * @throws ForeignEvents; MultiswarmError `bus-unavailable`
 */
export function busLastEvents(bus: Bus) {
  return async (shard: number): Promise<PublishedEvents | undefined> => {
    const text = await lastMessage(bus.connection, streams.events, subjects.event(shard));
    if (text === undefined) return undefined;
    const head = headOf(text);
    if (head?.shard !== shard) throw new ForeignEvents(shard);
    return { epoch: head.epoch, batchSeq: head.batchSeq };
  };
}

function headOf(text: string): z.output<typeof PublishedHead> | undefined {
  try {
    return PublishedHead.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}

/** What is said in passing, and again before long or made good otherwise: without a connection it is not said. */
export function say(bus: Bus, subject: string, body: unknown): void {
  try {
    bus.publish(subject, body);
  } catch (error) {
    if (!(error instanceof MultiswarmError) || error.code !== 'bus-unavailable') throw error;
  }
}

/** "Nobody listens" on a shard's subject means that it has no owner right now. */
export function asShardFault(error: unknown, shard: number): unknown {
  if (error instanceof MultiswarmError && error.code === 'bus-unavailable') {
    return new MultiswarmError('shard-unavailable', `shard ${shard} has no owner right now`, {
      cause: error,
    });
  }
  return error;
}
