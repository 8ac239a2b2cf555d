import fc from 'fast-check';
import type { Target } from './targets/target';

/** Something that must not have happened. */
export interface Finding {
  target: string;
  /** What repeats it, with `--only`. */
  seed: number;
  path: string | undefined;
  request: string;
  fault: string;
}

const SHOWN_CHARS = 1_500;
/** Finding the smallest request that fails may take so long. */
const SHRINK_MS = 20_000;

class Fault extends Error {}

/** Sends so many requests to one target; the smallest that has a wrong answer is the finding. */
export async function attack(
  { name, requests, send }: Target,
  options: { seed: number; requests: number; path?: string | undefined },
): Promise<Finding | undefined> {
  const property = fc.asyncProperty(requests, async (request) => {
    const fault = await send(request);
    if (fault !== undefined) throw new Fault(fault);
  });
  const details = await fc.check(property, {
    seed: options.seed,
    numRuns: options.requests,
    interruptAfterTimeLimit: SHRINK_MS * 10,
    ...(options.path === undefined ? {} : { path: options.path }),
  });
  if (!details.failed || details.counterexample === null) return undefined;
  return {
    target: name,
    seed: options.seed,
    path: details.counterexamplePath,
    request: fc.stringify(details.counterexample[0]).slice(0, SHOWN_CHARS),
    fault:
      details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance),
  };
}
