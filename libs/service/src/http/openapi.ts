import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ERRORS, LIMITS, ServiceHealth, type ErrorCode } from '@multiswarm/contracts';
import { producedBy, type Route } from './route';

type Json = Record<string, unknown>;

export interface OpenApiOptions {
  title: string;
  version: string;
  routes: readonly Route[];
}

/** What any route may answer. */
const COMMON_ERRORS: readonly ErrorCode[] = ['invalid-request', 'internal'];
const BODY_ERRORS: readonly ErrorCode[] = ['invalid-json', 'body-too-large', 'unsupported-media-type'];

const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  retryable: z.boolean(),
  traceId: z.string().optional(),
  depth: z.number().int().optional().describe('of `mailbox-full`: messages in it'),
  limit: z.number().int().optional().describe('of `mailbox-full`: how many it may have'),
  errors: z
    .array(z.object({ pointer: z.string(), code: z.string(), message: z.string() }))
    .optional()
    .describe('every fault, with a JSON pointer to it'),
});

/** The OpenAPI 3.1 document of a service, derived from the same schemas that validate its requests. */
export function openApi({ title, version, routes }: OpenApiOptions): Json {
  const schemas = new Schemas();
  schemas.name('Problem', ProblemSchema);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route, schemas) };
  }
  Object.assign(paths, builtInPaths(schemas));
  return {
    openapi: '3.1.0',
    info: { title, version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: schemas.components },
  };
}

function operation(route: Route, schemas: Schemas): Json {
  const { method, path, summary, description, tags } = route;
  const body = bodyOf(route);
  const required = body !== undefined && !body.safeParse({}).success;
  return {
    operationId: operationId(method, path),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags: [...tags] }),
    parameters: [...pathParameters(route, schemas), ...queryParameters(route, schemas)],
    ...(body === undefined
      ? {}
      : {
          requestBody: { required, content: { 'application/json': { schema: schemas.of(body, 'input') } } },
        }),
    responses: { ...success(route, schemas), ...problems(route) },
  };
}

/** Of a stream that reads its body itself, what it says that it takes. */
function bodyOf(route: Route): Route['body'] {
  return route.body ?? (route.kind === 'stream' ? route.consumes : undefined);
}

function success(route: Route, schemas: Schemas): Json {
  const status = String(route.status ?? 200);
  if (route.kind === 'stream') {
    return {
      [status]: {
        description: 'A stream',
        content: { [producedBy(route)]: { schema: { type: 'string' } } },
      },
    };
  }
  if (route.reply === undefined) return { [status]: { description: 'Done' } };
  return {
    [status]: {
      description: 'Done',
      content: { 'application/json': { schema: schemas.of(route.reply, 'output') } },
    },
  };
}

/** One response for each status, naming the codes that have it. */
function problems(route: Route): Json {
  const { bodyLimitBytes = LIMITS.HTTP_BODY_BYTES, errors = [] } = route;
  const body = bodyOf(route);
  const codes = new Set([...COMMON_ERRORS, ...(body === undefined ? [] : BODY_ERRORS), ...errors]);
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const { status, title } = ERRORS[code];
    const limit = code === 'body-too-large' ? ` (${bodyLimitBytes} bytes)` : '';
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}${limit}`]);
  }
  const schema = { $ref: '#/components/schemas/Problem' };
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      String(status),
      { description: lines.join('; '), content: { 'application/problem+json': { schema } } },
    ]),
  );
}

function pathParameters({ path, params }: Route, schemas: Schemas): Json[] {
  const properties = params === undefined ? {} : schemas.propertiesOf(params);
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name]?.schema ?? { type: 'string' },
  }));
}

function queryParameters({ query }: Route, schemas: Schemas): Json[] {
  if (query === undefined) return [];
  return Object.entries(schemas.propertiesOf(query)).map(([name, { schema, required }]) => ({
    name,
    in: 'query',
    required,
    schema,
  }));
}

function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && !/^v\d+$/.test(word));
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function builtInPaths(schemas: Schemas): Record<string, Json> {
  const health = { 'application/json': { schema: schemas.of(ServiceHealth, 'output') } };
  const get = (operationId: string, summary: string, responses: Json): Json => ({
    get: { operationId, summary, tags: ['service'], responses },
  });
  const state = (description: string): Json => ({
    description,
    content: { 'application/json': { schema: { type: 'object' } } },
  });
  return {
    '/health': get('getHealth', 'The state of the service and of what it depends on', {
      200: { description: 'Healthy or degraded', content: health },
      503: { description: 'Down', content: health },
    }),
    '/health/live': get('getLive', 'Whether the process runs', { 200: state('It runs') }),
    '/health/ready': get('getReady', 'Whether the service should get work', {
      200: state('Ready'),
      503: state('Not ready, and why'),
    }),
    '/metrics': get('getMetrics', 'Metrics as Prometheus text', {
      200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
    }),
  };
}

/**
 * JSON schemas for one document. Definitions that a schema shares or recurs into live in `components`, because
 * `#/$defs/…` would be looked for at the root of the document; equal ones are kept once.
 */
class Schemas {
  readonly components: Record<string, Json> = {};

  name(name: string, schema: z.ZodType): void {
    this.components[name] = this.of(schema, 'output');
  }

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _,
      $defs = {},
      ...root
    } = toJsonSchema(schema, io) as Json & {
      $defs?: Record<string, Json>;
    };
    const names = new Map<string, string>();
    if (refersTo(root, '#') || Object.values($defs).some((definition) => refersTo(definition, '#'))) {
      names.set('#', componentName('Recursive', root));
    }
    for (const [key, definition] of Object.entries($defs)) {
      names.set(`#/$defs/${key}`, componentName(key.startsWith('__') ? 'Shared' : key, definition));
    }
    const rename = (ref: string): string => {
      const name = names.get(ref);
      return name === undefined ? ref : `#/components/schemas/${name}`;
    };
    for (const [key, definition] of Object.entries($defs)) {
      const name = names.get(`#/$defs/${key}`);
      if (name !== undefined) this.components[name] = rewriteRefs(definition, rename) as Json;
    }
    const rewritten = rewriteRefs(root, rename) as Json;
    const own = names.get('#');
    if (own === undefined) return rewritten;
    this.components[own] = rewritten;
    return { $ref: `#/components/schemas/${own}` };
  }

  /** The properties of an object schema, as parameters are described one by one. */
  propertiesOf(schema: z.ZodType): Record<string, { schema: Json; required: boolean }> {
    const { properties = {}, required = [] } = this.of(schema, 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        { schema: property, required: required.includes(name) },
      ]),
    );
  }
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // Replies may gain fields within a version; a client that checks them must not be told otherwise.
    override: ({ jsonSchema }) => {
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
}

function componentName(hint: string, definition: Json): string {
  return `${hint}_${createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 8)}`;
}

function refersTo(value: unknown, ref: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) =>
    key === '$ref' ? inner === ref : refersTo(inner, ref),
  );
}

function rewriteRefs(value: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => rewriteRefs(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? rename(inner) : rewriteRefs(inner, rename),
    ]),
  );
}
