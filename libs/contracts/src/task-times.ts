import type { Finding } from './errors';
import { LIMITS } from './limits';
import { toPointer } from './pointer';
import type { Timeouts } from './task';

/**
 * What is wrong with the instants of a task that is submitted now: a deadline that has passed or comes before the start, and
 * what lies farther ahead than anybody means.
 * @param now epoch milliseconds
 */
export function timeFindings(
  { notBefore, timeouts: { deadline } }: { notBefore?: string | undefined; timeouts: Timeouts },
  now: number,
  base: readonly PropertyKey[] = [],
): Finding[] {
  const findings: Finding[] = [];
  if (notBefore !== undefined && isTooFar(notBefore, now))
    findings.push({ pointer: toPointer([...base, 'notBefore']), code: 'too-far', message: TOO_FAR });
  const fault = deadline === undefined ? undefined : deadlineFault(deadline, notBefore, now);
  if (fault) findings.push({ pointer: toPointer([...base, 'timeouts', 'deadline']), ...fault });
  return findings;
}

const TOO_FAR = 'must be at most ten years ahead: leave it out where there is none';

function deadlineFault(
  deadline: string,
  notBefore: string | undefined,
  now: number,
): Pick<Finding, 'code' | 'message'> | undefined {
  const at = Date.parse(deadline);
  if (at <= now) {
    const message = `has passed: it is ${new Date(now).toISOString()} now; give an instant that is still to come, or leave it out`;
    return { code: 'passed', message };
  }
  if (isTooFar(deadline, now)) return { code: 'too-far', message: TOO_FAR };
  if (notBefore === undefined || at > Date.parse(notBefore)) return undefined;
  const message = `must be later than notBefore (${notBefore}): the task could never begin`;
  return { code: 'before-start', message };
}

function isTooFar(instant: string, now: number): boolean {
  return Date.parse(instant) > now + LIMITS.DURATION_MS;
}
