import { z } from 'zod';

/** What one step hands to the next. Each holds all that the next step needs: steps may run on different machines. */
export const OPERATIONS = ['add', 'list', 'read', 'change', 'remove'] as const;
const Operation = z.enum(OPERATIONS);
export type Operation = z.infer<typeof Operation>;

const Field = z.object({ name: z.string(), kind: z.enum(['text', 'number']) });
const Thing = z.object({ name: z.string(), fields: z.array(Field), refersTo: z.array(z.string()) });
export type Thing = z.infer<typeof Thing>;
const Need = z.object({ id: z.string(), thing: z.string(), operations: z.array(Operation) });
export type Need = z.infer<typeof Need>;

export const Requirements = z.object({ title: z.string(), things: z.array(Thing), needs: z.array(Need) });
export type Requirements = z.infer<typeof Requirements>;

const Route = z.object({
  need: z.string(),
  operation: Operation,
  method: z.string(),
  path: z.string(),
  handler: z.string(),
});
export type Route = z.infer<typeof Route>;
/** One service for each thing; `calls` are the services that it asks whether what it refers to exists. */
const Service = z.object({
  name: z.string(),
  port: z.number().int(),
  thing: Thing,
  calls: z.array(z.object({ service: z.string(), thing: z.string() })),
  routes: z.array(Route),
});
export type Service = z.infer<typeof Service>;
/** Services in the order in which they can be started. */
export const Architecture = z.object({ title: z.string(), services: z.array(Service) });
export type Architecture = z.infer<typeof Architecture>;

const Files = z.record(z.string(), z.string());
export type Files = z.infer<typeof Files>;
export const Solution = z.object({ architecture: Architecture, files: Files });
export type Solution = z.infer<typeof Solution>;

export const TestReport = z.object({
  needs: z.number().int(),
  routes: z.number().int(),
  covered: z.number().int(),
  coverage: z.number(),
  missing: z.array(z.string()),
  compiledBy: z.string().nullable().describe('the Python that compiled every file, where there is one'),
});
export type TestReport = z.infer<typeof TestReport>;
export const TestedSolution = z.object({ title: z.string(), files: Files, report: TestReport });
export type TestedSolution = z.infer<typeof TestedSolution>;

export const Release = z.object({
  archive: z.string(),
  sha256: z.string(),
  bytes: z.number().int(),
  files: z.array(z.object({ path: z.string(), sha256: z.string() })),
  report: TestReport,
});
export type Release = z.infer<typeof Release>;
