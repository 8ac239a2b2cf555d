import { z } from 'zod';
import {
  isName,
  isObject,
  isToken,
  normalizeRequirements,
  plainRequirements,
  quickly,
  RouteRequest,
  SimulateRequest,
} from '@multiswarm/contracts';

/** A route request whose requirements may be spelled flat, as those of tasks may (`docs/requirements.md`). */
const Spelled = z.preprocess(normalized, RouteRequest);
export const SimulateBody = z.preprocess(normalized, SimulateRequest);

function normalized(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('requirements' in given)) return given;
  return { ...given, requirements: normalizeRequirements(given.requirements) };
}

const KINDS: ReadonlySet<unknown> = new Set(RouteRequest.shape.kind.unwrap().options);
const PLAIN: ReadonlySet<string> = new Set(['type', 'namespace', 'requirements', 'kind']);

/** One comes for each request of somebody: the usual ones are checked by hand. */
export const RouteBody = quickly(Spelled, plainRoute);

function plainRoute(given: unknown): RouteRequest | undefined {
  if (!isObject(given)) return undefined;
  for (const key in given) if (!PLAIN.has(key)) return undefined;
  const { type = 'route', namespace = 'default', kind } = given;
  const requirements = plainRequirements(given['requirements']);
  if (requirements === undefined || !isName(type) || !isToken(namespace)) return undefined;
  if (kind === undefined) return { type, namespace, requirements };
  return KINDS.has(kind) ? { type, namespace, requirements, kind: kind as RouteRequest['kind'] } : undefined;
}
