import type { ServiceName } from '../../../e2e/stack';
import type { Accepted } from '../invariants/accepted';
import { faultOf } from '../invariants/http-answers';
import type { System } from '../stack/system';
import { HttpClient } from './http-client';
import { definitionIn, operationsOf, type OpenApiDocument, type Operation } from './http-operations';
import { httpRequests, type HttpRequest } from './http-requests';
import { textsOf } from './known-texts';
import type { Targets } from './target';

/** Every operation of the OpenAPI document of one service. */
export async function httpTargets(
  { url, known }: System,
  service: ServiceName,
  accepted: Accepted,
): Promise<Targets<HttpRequest>> {
  const base = url(service);
  const response = await fetch(`${base}/openapi.json`);
  // Our own document, whose shape its tests hold.
  const document = (await response.json()) as OpenApiDocument;
  const client = new HttpClient(base);
  const texts = textsOf(known, definitionIn(document));
  const targets = operationsOf(document).map((operation) => ({
    name: `${service} ${operation.method} ${operation.path}`,
    requests: httpRequests(operation, texts),
    send: (request: HttpRequest) => ask(client, operation, request, accepted),
  }));
  return { targets, close: () => client.close() };
}

async function ask(
  client: HttpClient,
  operation: Operation,
  request: HttpRequest,
  accepted: Accepted,
): Promise<string | undefined> {
  const isPatient = operation.isStream || request.target.includes('waitMs=');
  try {
    const answer = await client.exchange(request, isPatient);
    if (answer === undefined) return undefined;
    // Only what is accepted makes anything: its answer, or its batch, names what.
    if (answer.status < 300 && request.method === 'POST') accepted.note(answer.text);
    return faultOf(operation, request, answer);
  } catch (error) {
    return `no answer: ${String(error)}`;
  }
}
