import type { ServerResponse } from 'node:http';
import {
  CheckPayloads,
  LIMITS,
  Namespace,
  PayloadCheck,
  PayloadId,
  type PayloadRef,
  TaskId,
} from '@multiswarm/contracts';
import {
  bodyChunks,
  defineRoute,
  defineStreamRoute,
  jsonChunks,
  sendJson,
  sendParts,
  type Route,
} from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import type { Told } from '../../application/payloads';

const tags = ['payloads'];
const produces = 'application/json';
const unavailable = ['payload-store-unavailable', 'payload-not-found', 'payload-corrupt'] as const;

/** Inputs and outputs that are too large to travel with their tasks. */
export function payloadRoutes({ payloads, reads }: Orchestrator): Route[] {
  const ofTask = (part: 'input' | 'output'): Route =>
    defineStreamRoute({
      method: 'get',
      path: `/v1/tasks/:id/${part}`,
      summary: `The ${part} of a task as JSON, also where it goes by reference`,
      tags: ['tasks'],
      params: z.object({ id: TaskId }),
      produces,
      errors: ['task-not-found', ...(part === 'output' ? (['wrong-state'] as const) : []), ...unavailable],
      handler: async (_req, res, { params, signal }) => {
        const record = await reads.record(params.id);
        const told = part === 'input' ? payloads.inputOf(record) : payloads.outputOf(record);
        await send(res, await told, signal);
      },
    });
  return [
    defineStreamRoute({
      method: 'post',
      path: '/v1/payloads',
      summary: 'Store a JSON value of up to 64 MiB; the answer is what a task takes as `inputRef`',
      description:
        'It stays as long as a task refers to it, or was claimed by a submission within the grace time. The same value of the same namespace is one payload: storing it again is harmless.',
      tags,
      query: z.strictObject({ namespace: Namespace.default('default') }),
      consumes: z.json(),
      bodyLimitBytes: LIMITS.PAYLOAD_BYTES,
      status: 201,
      produces,
      errors: ['payload-store-unavailable', 'payload-store-full', 'timeout'],
      handler: async (req, res, { query, signal }) => {
        const chunks = jsonChunks(bodyChunks(req, LIMITS.PAYLOAD_BYTES));
        const ref: PayloadRef = await payloads.put(query.namespace, chunks, signal);
        sendJson(res, 201, ref, { location: `/v1/payloads/${ref.id}` });
      },
    }),
    defineStreamRoute({
      method: 'get',
      path: '/v1/payloads/:id',
      summary: 'A payload as it was stored; its digest, which is in its id, was checked',
      tags,
      params: z.object({ id: PayloadId }),
      produces,
      errors: unavailable,
      handler: async (_req, res, { params, signal }) => {
        await send(res, await payloads.get(params.id), signal);
      },
    }),
    ofTask('input'),
    ofTask('output'),
    defineRoute({
      method: 'post',
      path: '/v1/payloads/check',
      summary: 'Hold what is stored against what tasks refer to; `repair` removes what nothing refers to',
      tags,
      body: CheckPayloads.prefault({}),
      reply: PayloadCheck,
      errors: ['payload-store-unavailable', 'store-unavailable', 'repair-refused'],
      handler: ({ body }) => payloads.check(body),
    }),
  ];
}

async function send(response: ServerResponse, told: Told, signal: AbortSignal): Promise<void> {
  if ('value' in told) {
    sendJson(response, 200, told.value);
    return;
  }
  await sendParts(response, told.ref, told.content, signal);
}
