import type { Bus, Listening } from '@multiswarm/bus';
import {
  FreezeLearning,
  groups,
  LearningChanged,
  ListLearningQuery,
  ResetLearning,
  subjects,
} from '@multiswarm/contracts';
import type { Learning } from '../application/learning';

const queue = groups.loadBalancer;
/** NATS does not tell a service who its clients are. */
const WAY = 'nats';

/** Hears what other replicas are told, takes over what is kept, and answers. */
export async function attachLearning(bus: Bus, learning: Learning): Promise<Listening> {
  // Before it is read, or what is told in between would be missed.
  const changed = bus.subscribe(subjects.lbLearningChanged(), { schema: LearningChanged }, (change) =>
    learning.observe(change),
  );
  await learning.start();
  bus.onReconnect(() => void learning.refresh());
  const on = subjects.lbLearning;
  const answers = [
    bus.respond(on('list'), { queue, request: ListLearningQuery }, async (query) => learning.list(query)),
    bus.respond(on('freeze'), { queue, request: FreezeLearning }, (asked) => learning.freeze(named(asked))),
    bus.respond(on('unfreeze'), { queue, request: FreezeLearning }, (asked) =>
      learning.unfreeze(named(asked)),
    ),
    bus.respond(on('reset'), { queue, request: ResetLearning }, (asked) => learning.reset(named(asked))),
  ];
  return { stop: () => [changed, ...answers].forEach((each) => each.stop()) };
}

function named<T extends { requestedBy?: string | undefined }>(asked: T): T & { requestedBy: string } {
  return { ...asked, requestedBy: asked.requestedBy ?? WAY };
}
