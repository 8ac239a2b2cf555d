import type { Bus, Listening, Printed } from '@multiswarm/bus';
import {
  CapacityRequest,
  EndpointChanged,
  GetEndpoint,
  groups,
  LbRelease,
  LbReserved,
  ListEndpointsQuery,
  MultiswarmError,
  NamespaceChanged,
  type PlaceReply,
  PlaceRequest,
  RegisterEndpoint,
  RemoveEndpoint,
  RenewedReservation,
  RenewReservation,
  ReplayRequest,
  SlotCensusRequest,
  subjects,
} from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import { z } from 'zod';
import type { ExternalEndpoints } from '../application/external-endpoints';
import type { LoadBalancer } from '../application/load-balancer';
import type { NamespaceRoutings } from '../application/namespace-routings';
import type { Announcer } from '../ports';
import { printReply } from './print-reply';
import { printRouted } from './print-routed';
import { quickHeartbeats } from './quick-heartbeats';
import { QuickLbReport } from './quick-outcomes';
import { ReportBody } from './report-body';
import { RouteBody, SimulateBody } from './route-body';

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
    release: (reservationIds) => bus.publish(subjects.lbRelease(), { v: 1, reservationIds }),
    reserved: (reserved) => {
      if (bus.connected) bus.publish(subjects.lbReserved(), reserved);
    },
    renewAt: async (replica, reservationId) => {
      try {
        return await bus.request(subjects.lbRenew(replica), { reservationId }, { reply: RenewedReservation });
      } catch (error) {
        // Connected, and yet nobody heard it: that replica is gone.
        if (bus.connected && error instanceof MultiswarmError && error.code === 'bus-unavailable')
          return undefined;
        throw error;
      }
    },
    learningChanged: (change) => {
      if (bus.connected) bus.publish(subjects.lbLearningChanged(), change);
    },
    endpointChanged: (change) => {
      if (bus.connected) bus.publish(subjects.endpointChanged(), change);
    },
  };
}

/**
 * Listens to the swarms and to the other replicas, reads what is registered, asks all swarms to heartbeat, and joins the
 * queue group once they had time to: a replica that knows nobody would answer that there is nobody.
 * @throws MultiswarmError `store-unavailable`
 */
export async function attachToBus(
  bus: Bus,
  balancer: LoadBalancer,
  endpoints: ExternalEndpoints,
  routings: NamespaceRoutings,
  clock: Clock,
): Promise<Listening> {
  // No queue group: every replica sees every swarm, every outcome and every change of an endpoint.
  const listening: Listening[] = [
    bus.subscribe(subjects.allHeartbeats(), { schema: quickHeartbeats() }, (heartbeat) =>
      balancer.heartbeat(heartbeat),
    ),
    bus.subscribe(subjects.lbReport(), { schema: QuickLbReport }, (report) => balancer.report(report)),
    bus.subscribe(subjects.lbRelease(), { schema: LbRelease }, ({ reservationIds }) =>
      balancer.release(reservationIds),
    ),
    bus.subscribe(subjects.lbReserved(), { schema: LbReserved }, (reserved) => balancer.reserved(reserved)),
    bus.subscribe(subjects.endpointChanged(), { schema: EndpointChanged }, (change) =>
      endpoints.observe(change),
    ),
    bus.subscribe(subjects.namespaceChanged(), { schema: NamespaceChanged }, (change) =>
      routings.observe(change),
    ),
  ];
  // Before this, or what is registered in between would be missed.
  await Promise.all([endpoints.start(), routings.start()]);
  const census = (): void => bus.publish(subjects.census(), { v: 1 });
  bus.onReconnect(() => {
    census();
    endpoints.refreshSoon();
    routings.refreshSoon();
  });
  census();
  await delay(clock, WARM_UP_MS);
  listening.push(...answers(bus, balancer), ...endpointAnswers(bus, balancer, endpoints));
  return { stop: () => listening.forEach((one) => one.stop()) };
}

/** Renews what this replica has reserved. */
export function attachRenewals(bus: Bus, balancer: Pick<LoadBalancer, 'replica' | 'renewOwn'>): Listening {
  const subject = subjects.lbRenew(balancer.replica);
  return bus.respond(subject, { request: RenewReservation }, async ({ reservationId }) =>
    balancer.renewOwn(reservationId),
  );
}

const queue = groups.loadBalancer;
const Nothing = z.strictObject({});

function answers(bus: Bus, balancer: LoadBalancer): Listening[] {
  return [
    bus.respond(subjects.lbPlace(), { queue, request: PlaceRequest }, (request) => {
      const print = (reply: PlaceReply): Printed =>
        printReply(reply, bus.connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD);
      const reply = balancer.place(request);
      return reply instanceof Promise ? reply.then(print) : print(reply);
    }),
    bus.respond(subjects.lbExplain(), { queue, request: CapacityRequest }, (asked) =>
      Promise.resolve({ v: 1, ...balancer.capacity(asked) }),
    ),
    bus.respond(subjects.lbCensus(), { queue, request: SlotCensusRequest }, (asked) =>
      Promise.resolve(balancer.census(asked)),
    ),
    bus.respond(subjects.lbRoute(), { queue, request: RouteBody }, (request, { traceparent }) => {
      const routed = balancer.route(request, traceparent);
      return routed instanceof Promise ? routed.then(printRouted) : printRouted(routed);
    }),
    bus.respond(subjects.lbSimulate(), { queue, request: SimulateBody }, (request) =>
      balancer.simulate(request),
    ),
    bus.respond(subjects.lbMetrics(), { queue, request: Nothing }, async () => balancer.routingMetrics()),
    bus.respond(subjects.lbReplay(), { queue, request: ReplayRequest }, async (request) =>
      balancer.replays.replay(request),
    ),
  ];
}

/** `register` and `remove` answer what is stored, `list` and `get` what this replica sees. */
function endpointAnswers(bus: Bus, balancer: LoadBalancer, endpoints: ExternalEndpoints): Listening[] {
  return [
    bus.respond(subjects.endpoint('register'), { queue, request: RegisterEndpoint }, async (request) => {
      await endpoints.register(request);
      return balancer.endpoint(request.endpoint.swarmId);
    }),
    bus.respond(subjects.endpoint('remove'), { queue, request: RemoveEndpoint }, async (request) => ({
      swarmId: request.swarmId,
      revision: await endpoints.remove(request),
    })),
    bus.respond(subjects.endpoint('get'), { queue, request: GetEndpoint }, async ({ swarmId }) =>
      balancer.endpoint(swarmId),
    ),
    bus.respond(subjects.endpoint('report'), { queue, request: ReportBody }, async (report) => {
      balancer.shareReport(report);
      return { accepted: report.outcomes.length };
    }),
    bus.respond(subjects.endpoint('release'), { queue, request: LbRelease }, async ({ reservationIds }) => {
      balancer.shareRelease(reservationIds);
      return { accepted: reservationIds.length };
    }),
    bus.respond(subjects.endpoint('renew'), { queue, request: RenewReservation }, ({ reservationId }) =>
      balancer.renew(reservationId),
    ),
    bus.respond(subjects.endpoint('policies'), { queue, request: Nothing }, async () => balancer.policies()),
    bus.respond(subjects.endpoint('list'), { queue, request: ListEndpointsQuery }, async (query) =>
      balancer.endpoints(query),
    ),
  ];
}
