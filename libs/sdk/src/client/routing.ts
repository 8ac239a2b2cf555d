import type { z } from 'zod';
import type {
  Endpoint,
  EndpointPage,
  EndpointRegistration,
  ListEndpointsQuery,
  PolicyTable,
  Replay,
  RenewedReservation,
  ReplayRequest,
  RouteReply,
  RouteRequest,
  RoutingMetrics,
  SimulateRequest,
  Simulation,
} from '@multiswarm/contracts';
import { OPERATIONS } from './operations';
import type { Port } from './port';

/** What is asked of the fleet for one request of one's own; what is left out has its default. */
export type RouteInput = z.input<typeof RouteRequest>;

export type SimulateInput = z.input<typeof SimulateRequest>;
export type ReplayInput = z.input<typeof ReplayRequest>;

export interface RouteOptions {
  /** How long it is tried again where nobody has a free slot; default: the client's `retryForMs`. */
  forMs?: number;
  signal?: AbortSignal;
}

/** How a routed request ended. Without a reservation it counts for the health of the endpoint, and gives no slot back. */
export interface RouteOutcome {
  swarmId: string;
  success: boolean;
  responseTimeMs?: number;
  reservationId?: string;
}

/** Routes requests of one's own to swarms and external endpoints: the door of the load-balancer. */
export interface RoutingClient {
  /** Chooses an endpoint and reserves a slot of it. Throws `no-placement` with a finding for each reason. */
  route(request?: RouteInput, options?: RouteOptions): Promise<RouteReply>;
  /** Says how it ended: the slot comes free, once, and the load-balancer learns. */
  report(outcome: RouteOutcome): Promise<void>;
  /** Gives a slot back that was not used. */
  release(reservationId: string): Promise<void>;
  /** Holds a slot for longer. Throws `reservation-not-found` where it is reserved no more. */
  renew(reservationId: string): Promise<RenewedReservation>;
  /** What each policy would choose for a request now, and why; nothing is reserved. `policies`: only these. */
  simulate(request?: SimulateInput): Promise<Simulation>;
  /** What another policy would have decided in the place of the last decisions of the load-balancer that answers. */
  replay(request: ReplayInput): Promise<Replay>;
  /** The last minute of routing, as the load-balancer that answers saw it. */
  metrics(): Promise<RoutingMetrics>;
  /** The policies that there are, and who has chosen which. */
  policies(): Promise<PolicyTable>;
}

/** What is registered at the load-balancer, beside the swarms that heartbeat. */
export interface EndpointsClient {
  /** Registers it, replaces what is registered under its id, or renews it where it is the same. Throws `endpoint-conflict`, `revision-conflict`. */
  register(
    endpoint: z.input<typeof EndpointRegistration>,
    options?: { ifRevision?: number },
  ): Promise<Endpoint>;
  /** Throws `endpoint-not-found`. */
  get(swarmId: string): Promise<Endpoint>;
  list(query?: Partial<ListEndpointsQuery>): Promise<EndpointPage>;
  /** Throws `endpoint-not-found`, `revision-conflict`. */
  remove(swarmId: string, options?: { ifRevision?: number }): Promise<void>;
}

export function routingOf(port: Port): RoutingClient {
  return {
    route: (request = {}, options = {}) => port.ask(OPERATIONS.route, request, options),
    report: async (outcome) => void (await port.ask(OPERATIONS.reportRoutes, outcome)),
    release: async (reservationId) =>
      void (await port.ask(OPERATIONS.releaseReservations, { v: 1, reservationIds: [reservationId] })),
    renew: (reservationId) => port.ask(OPERATIONS.renewReservation, { reservationId }),
    simulate: (request = {}) => port.ask(OPERATIONS.simulateRoute, request),
    replay: (request) => port.ask(OPERATIONS.replayDecisions, request),
    metrics: () => port.ask(OPERATIONS.routingMetrics, {}),
    policies: () => port.ask(OPERATIONS.policies, {}),
  };
}

export function endpointsOf(port: Port): EndpointsClient {
  return {
    register: (endpoint, options = {}) => port.ask(OPERATIONS.registerEndpoint, { endpoint, ...options }),
    get: (swarmId) => port.ask(OPERATIONS.getEndpoint, { swarmId }),
    list: (query = {}) => port.ask(OPERATIONS.listEndpoints, query),
    remove: async (swarmId, options = {}) =>
      void (await port.ask(OPERATIONS.removeEndpoint, { swarmId, ...options })),
  };
}
