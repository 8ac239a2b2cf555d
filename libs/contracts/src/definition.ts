import { z } from 'zod';
import { who } from './api';
import { LIMITS } from './limits';
import { Json } from './json';
import { Instant, Name, Namespace } from './names';
import { WorkflowBody } from './workflow';

const Version = z.number().int().positive();
const namespace = Namespace.default('default');

/** What `PUT /v1/definitions/{name}` takes: a workflow without what belongs to one run. */
export const PutDefinitionBody = WorkflowBody.extend({
  namespace,
  description: z.string().max(LIMITS.METADATA_VALUE_CHARS).optional().describe('what it is for'),
  ...who,
});
export type PutDefinitionBody = z.output<typeof PutDefinitionBody>;

/** The same over NATS: the body is checked, and all findings are told, by whoever answers. */
export const PutDefinition = z.looseObject({ name: Name });

/** One version of a definition. It never changes. */
export const Definition = z.object({
  namespace: Namespace,
  name: Name,
  version: Version,
  createdAt: Instant,
  requestedBy: z.string().optional().describe('the name that the client gave, else the way it came'),
  description: z.string().optional(),
  steps: z.number().int().positive().describe('how many it has'),
  bodyHash: z.string().describe('equal for equal descriptions and bodies'),
  body: z
    .record(z.string(), Json)
    .describe('the workflow as it was put, with every default written down: tasks, dependencies, …'),
});
export type Definition = z.infer<typeof Definition>;
export const DefinitionSummary = Definition.omit({ body: true });
export type DefinitionSummary = z.infer<typeof DefinitionSummary>;

export const DefinitionPage = z.object({ items: z.array(DefinitionSummary), next: z.string().nullable() });
export type DefinitionPage = z.infer<typeof DefinitionPage>;

const limit = z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50);

export const GetDefinitionQuery = z.strictObject({
  namespace,
  name: Name,
  version: z.coerce.number().int().positive().optional().describe('the newest, unless given'),
});
export type GetDefinitionQuery = z.infer<typeof GetDefinitionQuery>;
export const ListDefinitionsQuery = z.strictObject({
  namespace: Namespace.optional().describe('only those of this tenant'),
  limit,
  cursor: z.string().max(512).optional(),
});
export type ListDefinitionsQuery = z.infer<typeof ListDefinitionsQuery>;
export const ListVersionsQuery = z.strictObject({
  namespace,
  name: Name,
  limit,
  cursor: z.coerce.number().int().positive().optional().describe('`next` of the page before'),
});
export type ListVersionsQuery = z.infer<typeof ListVersionsQuery>;
export const DeleteDefinition = z.strictObject({ namespace, name: Name, ...who });
export type DeleteDefinition = z.infer<typeof DeleteDefinition>;
export const DeletedDefinition = z.object({
  namespace: Namespace,
  name: Name,
  version: Version.describe('the newest that it had: a later definition of this name goes on behind it'),
});
export type DeletedDefinition = z.infer<typeof DeletedDefinition>;
