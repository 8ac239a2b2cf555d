import { z } from 'zod';
import { normalizeRequirements, RouteRequest } from '@multiswarm/contracts';

/** A route request whose requirements may be spelled flat, as those of tasks may (`docs/requirements.md`). */
export const RouteBody = z.preprocess((given) => {
  if (typeof given !== 'object' || given === null || !('requirements' in given)) return given;
  return { ...given, requirements: normalizeRequirements(given.requirements) };
}, RouteRequest);
