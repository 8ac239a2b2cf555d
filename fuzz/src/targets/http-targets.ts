import type { ServiceName } from '../../../e2e/stack';
import type { Accepted } from '../invariants/accepted';
import { faultOf } from '../invariants/http-answers';
import type { System } from '../stack/system';
import { HttpClient } from './http-client';
import { definitionIn, operationsOf, type OpenApiDocument, type Operation } from './http-operations';
import { httpRequests, type HttpRequest } from './http-requests';
import { textsOf } from './known-texts';
import { HARMLESS, type Targets } from './target';

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
  const targets = operationsOf(document).map((operation) => {
    const harmless: HttpRequest[] = [];
    return {
      name: `${service} ${operation.method} ${operation.path}`,
      requests: httpRequests(operation, texts),
      harmless,
      send: (request: HttpRequest) => ask({ client, operation, accepted, harmless }, request),
    };
  });
  return { targets, close: () => client.close() };
}

interface Asking {
  client: HttpClient;
  operation: Operation;
  accepted: Accepted;
  harmless: HttpRequest[];
}

/** Of what is sent again and again: less than costs time by itself. */
const SMALL_BYTES = 16_384;

async function ask(
  { client, operation, accepted, harmless }: Asking,
  request: HttpRequest,
): Promise<string | undefined> {
  const isPatient = operation.isStream || request.target.includes('waitMs=');
  try {
    const answer = await client.exchange(request, isPatient);
    if (answer === undefined) return undefined;
    // Only what is accepted makes anything: its answer, or its batch, names what.
    if (answer.status < 300 && request.method === 'POST') accepted.note(answer.text);
    const isHarmless = answer.status >= 400 || request.method === 'GET';
    if (isHarmless && !isPatient && harmless.length < HARMLESS && isSmall(request)) harmless.push(request);
    return faultOf(operation, request, answer);
  } catch (error) {
    return `no answer: ${String(error)}`;
  }
}

function isSmall({ target, body }: HttpRequest): boolean {
  return target.length < SMALL_BYTES && (body?.bytes().length ?? 0) < SMALL_BYTES;
}
