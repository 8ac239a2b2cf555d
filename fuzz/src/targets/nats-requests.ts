import fc from 'fast-check';
import {
  DispatchRequest,
  LbReport,
  ReportRequest,
  subjects,
  TaskSpec,
  TaskSubmission,
  WorkflowSubmission,
} from '@multiswarm/contracts';
import { z } from 'zod';
import { fromSchema, type JsonSchema } from '../generate/from-schema';
import { changedOnce, encoded, mutated, type Payload } from '../generate/mutate';
import { SHARDS, type Known } from '../stack/system';
import { dispatches } from './dispatches';
import { LATEST_EPOCH, OLD_EPOCH } from './epochs';
import { textsOf } from './known-texts';
import type { Listened } from './recording-bus';

export interface NatsRequest {
  subject: string;
  headers: Readonly<Record<string, string>>;
  payload: Payload;
}

/** Where the face takes anything, or reads by hand first: what is meant. */
const MEANT: readonly [suffix: string, schema: z.ZodType][] = [
  ['.task.submit', TaskSubmission],
  ['.workflow.submit', WorkflowSubmission],
  ['.workflow.validate', WorkflowSubmission],
  ['.report', ReportRequest],
  ['.lb.report', LbReport],
  ['.tasks', DispatchRequest],
];

/** Requests for one subject: most are nearly right. */
export function natsRequests({ subject, schema }: Listened, known: Known): fc.Arbitrary<NatsRequest> {
  const meant = MEANT.findLast(([suffix]) => subject.endsWith(suffix))?.[1] ?? schema;
  const root = jsonSchema(meant);
  const definition = (ref: string): JsonSchema => (ref === '#' ? root : (root.$defs?.[ref.slice(8)] ?? {}));
  const fromForm = mutated(fromSchema(root, textsOf(known, definition)));
  const value = (meant === DispatchRequest ? dispatched(known, fromForm) : fromForm).map((given) =>
    tame(subject, schema, given, known),
  );
  return fc.record({
    subject: fc.constant(subject),
    headers: fc.dictionary(
      fc.constantFrom('traceparent', 'ms-version', 'ms-namespace', 'Nats-Msg-Id', 'tracestate', 'x'),
      fc.oneof(fc.constantFrom('', '0', '99', 'a'.repeat(5_000)), fc.string({ maxLength: 30 })),
      { maxKeys: 2, noNullPrototype: true },
    ),
    payload: encoded(value, false),
  });
}

/** A dispatch has so many fields that hardly one fits in all of them by chance. */
function dispatched(known: Known, fromForm: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: changedOnce(dispatches(known, SHARDS)) },
    { weight: 1, arbitrary: fromForm },
  );
}

type Root = JsonSchema & { $defs?: Record<string, JsonSchema> };

function jsonSchema(schema: z.ZodType): Root {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: found, path }) => {
      // Records of the intake are passed on unchecked by the schema; they look like this.
      if (path.at(-1) === 'spec' && Object.keys(found).length === 0)
        Object.assign(found, z.toJSONSchema(TaskSpec, { io: 'input', unrepresentable: 'any' }));
    },
  }) as Root; // zod's own type is wider than what it writes
}

const EPOCHS = new Set(['epoch', 'regionEpoch', 'schedulerEpoch']);
/**
 * Services believe each other: who says that it is the next owner is one. So nobody here speaks for the future, or comes as a
 * replica that wants its share; everything else is sent as it is.
 */
function tame(subject: string, schema: z.ZodType, given: unknown, known: Known): unknown {
  // Only the swarm that is attacked hears of the epoch that holds: it has to run something, and what it reports is believed by nobody.
  const latest = subject === subjects.swarmTasks(known.actor) ? LATEST_EPOCH : OLD_EPOCH;
  const value = withEpochs(given, latest);
  if (!subject.endsWith('.replica.alive') || !schema.safeParse(value).success) return value;
  return { ...(value as object), leaving: true, shards: [] };
}

function withEpochs(value: unknown, latest: number): unknown {
  if (Array.isArray(value)) return value.map((item) => withEpochs(item, latest));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      EPOCHS.has(key) && typeof inner === 'number' && inner > OLD_EPOCH
        ? latest - (inner % 2) * (latest - OLD_EPOCH)
        : withEpochs(inner, latest),
    ]),
  );
}
