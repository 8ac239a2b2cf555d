import { ERRORS } from '@multiswarm/contracts';
import { REGION } from '../stack/system';
import type { HttpAnswer } from '../targets/http-client';
import type { Operation } from '../targets/http-operations';
import type { HttpRequest } from '../targets/http-requests';

/** Right answers that have a status of 500 or more: what was asked for exists, but not here, or not now. */
const HONEST = new Set(['feature-not-available', 'no-placement']);
/** Any request can end so, before it is known which operation it is for. */
const ANYWHERE = new Set([400, 404, 405, 413, 414, 415, 431]);

/** What is wrong with an answer, or undefined. */
export function faultOf(operation: Operation, request: HttpRequest, answer: HttpAnswer): string | undefined {
  const { status, text, contentType } = answer;
  const shown = `${status} ${text.slice(0, 300)}`;
  if (request.method === 'HEAD') return status >= 500 ? shown : undefined;
  if (status < 400) return declared(operation, request, status, shown);
  const problem = problemIn(text);
  if (problem === undefined || !contentType.startsWith('application/problem+json'))
    return `no problem details: ${contentType} ${shown}`;
  if (status >= 500 && !HONEST.has(problem.code) && !isOfMadeUpRegion(problem)) return shown;
  if (problem.status !== status || !(problem.code in ERRORS) || problem.detail === '')
    return `the problem contradicts itself: ${shown}`;
  return ANYWHERE.has(status) ? undefined : declared(operation, request, status, shown);
}

function declared({ method, statuses }: Operation, request: HttpRequest, status: number, shown: string) {
  if (request.method !== method || statuses.has(status)) return undefined;
  return `a status that the OpenAPI document does not list: ${shown}`;
}

/** A heartbeat has named a region that nobody coordinates; swarms there cannot be told anything. */
function isOfMadeUpRegion({ code, detail }: { code: string; detail: string }): boolean {
  return code === 'region-unavailable' && !detail.startsWith(`region ${REGION} `);
}

function problemIn(text: string): { status: number; code: string; detail: string } | undefined {
  try {
    const { status, code, detail } = JSON.parse(text) as Record<string, unknown>;
    if (typeof status !== 'number' || typeof code !== 'string' || typeof detail !== 'string')
      return undefined;
    return { status, code, detail };
  } catch {
    return undefined;
  }
}
