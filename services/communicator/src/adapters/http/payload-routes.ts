import { PayloadId } from '@multiswarm/contracts';
import type { DomainPayloads } from '@multiswarm/bus';
import { defineStreamRoute, sendParts, type Route } from '@multiswarm/service';
import { z } from 'zod';

/** For those who pull: what messages of this domain refer to, also where no orchestrator is. */
export function payloadRoutes(payloads: Pick<DomainPayloads, 'find' | 'read'>): Route[] {
  return [
    defineStreamRoute({
      method: 'get',
      path: '/v1/payloads/:id',
      summary:
        'Data that a message of this JetStream domain refers to (`dataRef`); its digest, which is in its id, was checked',
      tags: ['messages'],
      params: z.object({ id: PayloadId }),
      produces: 'application/json',
      errors: ['payload-store-unavailable', 'payload-not-found', 'payload-corrupt'],
      handler: async (_request, response, { params, signal }) => {
        const ref = await payloads.find(params.id);
        await sendParts(response, ref, payloads.read(ref), signal);
      },
    }),
  ];
}
