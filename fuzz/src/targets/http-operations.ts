import type { JsonSchema } from '../generate/from-schema';

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  schema: JsonSchema;
}

/** One method of one path, as a service describes it. */
export interface Operation {
  method: string;
  /** With `{id}` where a parameter stands. */
  path: string;
  parameters: readonly Parameter[];
  body: JsonSchema | undefined;
  /** Statuses that it says it may answer. */
  statuses: ReadonlySet<number>;
  /** It goes on for ever: only how it begins is looked at. */
  isStream: boolean;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DescribedOperation>>;
  components: { schemas: Record<string, JsonSchema> };
}

interface DescribedOperation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

/** What a document lists, in its order. */
export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      statuses: new Set(Object.keys(responses).map(Number)),
      isStream: Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content),
    })),
  );
}

/** What a `$ref` of the document points at. */
export function definitionIn({ components }: OpenApiDocument): (ref: string) => JsonSchema {
  return (ref) => {
    const found = components.schemas[ref.replace('#/components/schemas/', '')];
    if (!found) throw new Error(`the document has no ${ref}`);
    return found;
  };
}
