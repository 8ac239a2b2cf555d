import { keys, NamespaceRouting } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import { z } from 'zod';
import type { NamespaceRoutingStore } from '../../ports';

/** Of the settings of a namespace, which the orchestrator keeps, what a load-balancer needs. */
const Stored = z.object({
  revision: z.number().int(),
  settings: z.object({ routing: NamespaceRouting.optional().catch(undefined) }),
});

export function redisNamespaceRoutingStore(store: Store): NamespaceRoutingStore {
  return {
    all: async () => {
      const stored = await store.guard((redis) => redis.hgetall(keys.namespaces()));
      return Object.entries(stored).flatMap(([namespace, text]) => {
        const parsed = Stored.safeParse(JSON.parse(text));
        if (!parsed.success) return [];
        const { revision, settings } = parsed.data;
        return [{ namespace, revision, routing: settings.routing }];
      });
    },
  };
}
