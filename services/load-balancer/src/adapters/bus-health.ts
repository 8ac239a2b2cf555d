import type { Bus, Listening } from '@multiswarm/bus';
import {
  CancelMaintenance,
  ForceSwarm,
  GetHealthQuery,
  groups,
  HealthControlsChanged,
  HealthEventsQuery,
  ListHealthQuery,
  MaintenanceRequest,
  ResetSwarm,
  subjects,
} from '@multiswarm/contracts';
import { z } from 'zod';
import type { HealthDesk } from '../application/health-desk';
import type { HealthAnnouncer } from '../ports';

const queue = groups.loadBalancer;

export function busHealthAnnouncer(bus: Bus): HealthAnnouncer {
  return {
    healthEvent: (event) => {
      if (bus.connected) bus.publish(subjects.lbHealthEvent(), event);
    },
    healthChanged: (revision) => {
      if (bus.connected) bus.publish(subjects.lbHealthChanged(), { v: 1, revision });
    },
    unwell: (news) => {
      if (bus.connected) bus.publish(subjects.lbUnwell(), news);
    },
  };
}

/**
 * Hears what operators set at other replicas, reads what is set, and answers.
 * @throws MultiswarmError `store-unavailable`
 */
export async function attachHealth(bus: Bus, desk: HealthDesk): Promise<Listening> {
  // Before it is read, or what is set in between would be missed.
  const changed = bus.subscribe(subjects.lbHealthChanged(), { schema: HealthControlsChanged }, (change) =>
    desk.changed(change.revision),
  );
  await desk.start();
  bus.onReconnect(() => desk.refreshSoon());
  const answers = healthAnswers(bus, desk);
  return { stop: () => [changed, ...answers].forEach((each) => each.stop()) };
}

function healthAnswers(bus: Bus, desk: HealthDesk): Listening[] {
  const on = subjects.lbHealth;
  return [
    bus.respond(on('get'), { queue, request: GetHealthQuery }, async ({ id }) => desk.health(id)),
    bus.respond(on('list'), { queue, request: ListHealthQuery }, async (query) => desk.list(query)),
    bus.respond(on('events'), { queue, request: HealthEventsQuery }, async (query) => desk.events(query)),
    bus.respond(on('audit'), { queue, request: HealthEventsQuery }, (query) => desk.audit(query)),
    bus.respond(on('force'), { queue, request: ForceSwarm }, ({ id, ...request }) => desk.force(id, request)),
    bus.respond(on('reset'), { queue, request: ResetSwarm }, ({ id, ...request }) => desk.reset(id, request)),
    bus.respond(on('windows'), { queue, request: z.unknown() }, async () => desk.windows()),
    bus.respond(on('plan'), { queue, request: MaintenanceRequest }, (request) => desk.plan(request)),
    bus.respond(on('cancel'), { queue, request: CancelMaintenance }, ({ id, requestedBy }) =>
      desk.cancel(id, requestedBy),
    ),
  ];
}
