import type { Bus, Listening } from '@multiswarm/bus';
import {
  CapacityRequest,
  groups,
  Heartbeat,
  PlaceRequest,
  SlotCensusRequest,
  subjects,
} from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { LoadBalancer } from '../application/load-balancer';
import type { Announcer } from '../ports';
import { printReply } from './print-reply';
import { QuickLbReport } from './quick-outcomes';
import { RouteBody } from './route-body';

/** Time for the swarms to answer the census, before this replica takes its share of the requests. */
const WARM_UP_MS = 100;
/** What a NATS server carries unless it says otherwise. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

export function busAnnouncer(bus: Bus): Announcer {
  return {
    capacity: (event) => {
      // While disconnected nobody would hear it; whoever waits for capacity asks again after its own reconnect.
      if (bus.connected) bus.publish(subjects.lbCapacity(), event);
    },
    report: (report) => bus.publish(subjects.lbReport(), report),
  };
}

/**
 * Listens to the swarms, asks them all to heartbeat, and joins the queue group once they had time to: a replica that
 * knows no swarm would answer that there is none.
 */
export async function attachToBus(bus: Bus, balancer: LoadBalancer, clock: Clock): Promise<Listening> {
  const listening: Listening[] = [
    // No queue group: every replica sees every swarm and every outcome.
    bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (heartbeat) =>
      balancer.heartbeat(heartbeat),
    ),
    bus.subscribe(subjects.lbReport(), { schema: QuickLbReport }, (report) => balancer.report(report)),
  ];
  const census = (): void => bus.publish(subjects.census(), { v: 1 });
  bus.onReconnect(census);
  census();
  await delay(clock, WARM_UP_MS);
  const queue = groups.loadBalancer;
  listening.push(
    bus.respond(subjects.lbPlace(), { queue, request: PlaceRequest }, async (request) =>
      printReply(await balancer.place(request), bus.connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD),
    ),
    bus.respond(subjects.lbExplain(), { queue, request: CapacityRequest }, (asked) =>
      Promise.resolve({ v: 1, ...balancer.capacity(asked) }),
    ),
    bus.respond(subjects.lbCensus(), { queue, request: SlotCensusRequest }, (asked) =>
      Promise.resolve(balancer.census(asked)),
    ),
    bus.respond(subjects.lbRoute(), { queue, request: RouteBody }, async (request, { traceparent }) =>
      balancer.route(request, traceparent),
    ),
  );
  return { stop: () => listening.forEach((one) => one.stop()) };
}
