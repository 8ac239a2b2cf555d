import {
  CapacityEvent,
  EventBatch,
  Heartbeat,
  MessageSubmission,
  NamespaceChanged,
  RegionSummary,
  ReplicaAlive,
  ScheduleChanged,
  SchedulerActive,
  subjects,
  UnwellSwarms,
  DEFAULT_DOMAIN,
} from '@multiswarm/contracts';
import type { Bus } from '@multiswarm/bus';
import { ManualClock, type Clock } from '@multiswarm/core';
import { createSwarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { attachRenewals, attachToBus } from '../../../services/load-balancer/src/adapters/bus';
import { attachHealth } from '../../../services/load-balancer/src/adapters/bus-health';
import { attachLearning } from '../../../services/load-balancer/src/adapters/bus-learning';
import type { ExternalEndpoints } from '../../../services/load-balancer/src/application/external-endpoints';
import type { HealthDesk } from '../../../services/load-balancer/src/application/health-desk';
import type { Learning } from '../../../services/load-balancer/src/application/learning';
import type { NamespaceRoutings } from '../../../services/load-balancer/src/application/namespace-routings';
import { deadMessageEndpoints } from '../../../services/communicator/src/adapters/bus/dead-message-endpoints';
import { directoryEndpoints } from '../../../services/communicator/src/adapters/bus/directory-endpoints';
import { listenForMailbox } from '../../../services/communicator/src/adapters/bus/mailbox-endpoints';
import { listenForMessages } from '../../../services/communicator/src/adapters/bus/message-endpoints';
import {
  barrierEndpoints,
  leaseEndpoints,
  offerEndpoints,
  proposalEndpoints,
} from '../../../services/communicator/src/adapters/bus/agreement-endpoints';
import { listenOn } from '../../../services/communicator/src/adapters/bus/endpoints';
import { stateEndpoints } from '../../../services/communicator/src/adapters/bus/state-endpoints';
import { subscriptionEndpoints } from '../../../services/communicator/src/adapters/bus/subscription-endpoints';
import { openClientFace } from '../../../services/orchestrator/src/adapters/bus/client-face';
import { regionFace } from '../../../services/orchestrator/src/adapters/bus/region-face';
import { schedulerFace } from '../../../services/orchestrator/src/adapters/bus/scheduler-face';
import { ownerFace } from '../../../services/orchestrator/src/adapters/bus/shard-commands';
import type { ShardOwner } from '../../../services/orchestrator/src/application/shard-owner';
import { z } from 'zod';
import type { Known } from '../stack/system';
import { recordingBus, type Listened } from './recording-bus';

/** Longer than the load-balancer listens before it answers. */
const WARM_UP_MS = 10_000;

/** Stands where any token may. */
export const ANY_TOKEN = 'x';

/** What stands for a service that a face would pass its requests on to: nothing is ever passed on. */
export const NOBODY: never = new Proxy(
  {},
  {
    get: (_, key) => (key === 'then' ? undefined : itself()),
  },
) as never;

function itself(): never {
  return NOBODY;
}

/**
 * Every subject of the three services and of a swarm, with the schema of what they take there: collected from the faces
 * themselves, so that it cannot fall behind them. `at` says which shard, region, swarms and replica stand for all.
 */
export async function listenedSubjects(at: Place): Promise<Listened[]> {
  const clock = new ManualClock();
  const found: Listened[] = [];
  const bus = recordingBus(found);
  openClientFace(bus, NOBODY);
  const owners = ownerFace(bus, NOBODY, NOBODY);
  owners.open({ shard: at.shard } as ShardOwner, NOBODY, NOBODY);
  owners.openReplica(at.replica, NOBODY);
  schedulerFace(bus).open(NOBODY);
  regionFace(bus).open(at.region, NOBODY);
  listenForMessages(bus, NOBODY);
  listenForMailbox(bus, { domain: DEFAULT_DOMAIN, shard: at.shard }, NOBODY);
  listenOn(bus, deadMessageEndpoints(NOBODY));
  attachRenewals(bus, { replica: at.balancer, renewOwn: NOBODY });
  listenOn(bus, [
    ...stateEndpoints(NOBODY),
    ...offerEndpoints(NOBODY),
    ...leaseEndpoints(NOBODY),
    ...proposalEndpoints(NOBODY),
    ...barrierEndpoints(NOBODY),
    ...directoryEndpoints(NOBODY, at.communicator),
    ...subscriptionEndpoints(NOBODY),
  ]);
  const starts = { start: () => Promise.resolve() };
  await attachHealth(bus, starts as HealthDesk);
  await attachLearning(bus, starts as Learning);
  const attached = attachToBus(bus, NOBODY, starts as ExternalEndpoints, starts as NamespaceRoutings, clock);
  // It waits only once it has read what is registered.
  await new Promise((resolve) => void setImmediate(resolve));
  clock.advance(WARM_UP_MS);
  await attached;
  const ofServices = found.splice(0).filter(({ subject }) => !subject.includes('*'));
  await startSwarm(bus, at, clock);
  return [...ofServices, ...HEARD(at), ...found.map(inOneOf)];
}

async function startSwarm(bus: Bus, { actor: id, region }: Place, clock: Clock): Promise<void> {
  const logger = createLogger({ service: 'swarm', level: 'silent' });
  const swarm = createSwarm({
    ...{ id, region, slots: 1, types: ['*'], bus, clock, logger },
    handleSignals: false,
  });
  swarm.messages.on('*', () => undefined);
  await swarm.start();
  await swarm.stop();
}

/** A swarm hears all subjects of its mail; one of them stands for all. */
function inOneOf({ subject, ...listened }: Listened): Listened {
  return { ...listened, subject: subject.replaceAll('*', ANY_TOKEN) };
}

export type Place = Pick<
  Known,
  'shard' | 'region' | 'swarm' | 'actor' | 'replica' | 'balancer' | 'communicator'
>;

/** What is said to all: `Assembly.hear` of the orchestrator listens for it. */
const HEARD = ({ shard, region, swarm }: Place): Listened[] =>
  [
    { subject: subjects.swarmHeartbeat(swarm), schema: Heartbeat },
    { subject: subjects.namespaceChanged(), schema: NamespaceChanged },
    { subject: subjects.regionSummary(region), schema: RegionSummary },
    { subject: subjects.lbCapacity(), schema: CapacityEvent },
    { subject: subjects.lbUnwell(), schema: UnwellSwarms },
    { subject: subjects.replicaAlive(), schema: ReplicaAlive },
    { subject: subjects.communicatorAlive(DEFAULT_DOMAIN), schema: ReplicaAlive },
    { subject: subjects.communicatorAlive(ANY_TOKEN), schema: ReplicaAlive },
    { subject: subjects.topicKeeperAlive(DEFAULT_DOMAIN), schema: ReplicaAlive },
    { subject: subjects.schedulerActive(), schema: SchedulerActive },
    { subject: subjects.scheduleChanged(), schema: ScheduleChanged },
    { subject: subjects.event(shard), schema: EventBatch },
    { subject: subjects.messageSend(ANY_TOKEN, ANY_TOKEN), schema: MessageSubmission, answers: true },
    { subject: subjects.messageHere(DEFAULT_DOMAIN), schema: z.unknown(), answers: true },
  ].map((each) => ({ answers: false, ...each }));
