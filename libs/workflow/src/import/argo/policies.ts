import { LIMITS } from '@multiswarm/contracts';
import { fieldsOf, isFields, plainText, type Fields } from '../imported';
import type { Place, Problems } from './problems';
import { durationMs, quantity, wholeNumber } from './quantities';
import { fixedText, type Scope } from './scope';

/** How often a step is tried. Without a strategy Argo tries once. */
export function retryOf(strategy: unknown, place: Place, problems: Problems): object {
  if (!isFields(strategy)) return { maxAttempts: 1 };
  const at = [...place, 'retryStrategy'];
  if (strategy['expression'] !== undefined)
    problems.lost(
      [...at, 'expression'],
      'retry-expression',
      'retries on a condition: say with retry.nonRetryableCodes which errors are final, and let the agent report them',
    );
  if (strategy['affinity'] !== undefined)
    problems.differs([...at, 'affinity'], 'retry-affinity', 'a further attempt may go to the same swarm');
  const policy = strategy['retryPolicy'];
  if (policy === 'OnError' || policy === 'OnTransientError') {
    const message = `${policy}: what the machine loses is tried again in any case, and what the work itself fails is not`;
    problems.differs([...at, 'retryPolicy'], 'retry-policy', message);
    return { maxAttempts: 1 };
  }
  return { maxAttempts: attemptsOf(strategy, at, problems), ...backoffOf(strategy['backoff'], at, problems) };
}

function attemptsOf(strategy: Fields, at: Place, problems: Problems): number {
  const limit = strategy['limit'] === undefined ? Infinity : wholeNumber(strategy['limit']);
  if (limit === undefined) {
    problems.lost([...at, 'limit'], 'retry-limit', 'the limit is no number');
    return 1;
  }
  if (limit + 1 > LIMITS.RETRY_MAX_ATTEMPTS)
    problems.differs(
      at,
      'retry-limit',
      `${LIMITS.RETRY_MAX_ATTEMPTS} attempts are the most (RETRY_MAX_ATTEMPTS)`,
    );
  return Math.min(limit + 1, LIMITS.RETRY_MAX_ATTEMPTS);
}

const MOST_FACTOR = 10;

function backoffOf(given: unknown, at: Place, problems: Problems): object {
  const backoff = fieldsOf(given);
  const initialMs = durationMs(backoff['duration']) ?? 0;
  const factor = backoff['factor'] === undefined ? 1 : Number(backoff['factor']);
  if (!(factor >= 1 && factor <= MOST_FACTOR))
    problems.lost(
      [...at, 'backoff', 'factor'],
      'retry-factor',
      `the factor must be from 1 to ${MOST_FACTOR}`,
    );
  const totalMs = durationMs(backoff['maxDuration']);
  return {
    initialMs,
    factor: factor >= 1 && factor <= MOST_FACTOR ? factor : 1,
    maxMs: durationMs(backoff['cap']) ?? LIMITS.DURATION_MS,
    jitter: 0,
    ...(totalMs === undefined || totalMs === 0 ? {} : { totalMs }),
  };
}

/** How long a step may run. */
export function timeoutOf(
  template: Fields,
  place: Place,
  problems: Problems,
  scope: Scope,
): number | undefined {
  const limits: number[] = [];
  for (const field of ['activeDeadlineSeconds', 'timeout']) {
    const given = template[field];
    if (given === undefined) continue;
    const ms = durationMs(fixedText(plainText(given), scope, [...place, field], problems));
    if (ms === undefined || ms < 1)
      problems.lost(
        [...place, field],
        'time-limit',
        `${plainText(given)} is no time: give a number of seconds`,
      );
    else limits.push(ms);
    if (field === 'timeout')
      problems.differs(
        [...place, field],
        'timeout',
        'the time is counted from the start of an attempt, and not from before the wait for a place',
      );
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

const MEBI = 1024 ** 2;

/** What a container asks for of the machine. */
export function resourcesOf(container: Fields): Record<string, number> | undefined {
  const resources = fieldsOf(container['resources']);
  const asked: Fields = { ...fieldsOf(resources['limits']), ...fieldsOf(resources['requests']) };
  const out: Record<string, number> = {};
  const cpu = quantity(asked['cpu'] ?? '');
  const memory = quantity(asked['memory'] ?? '');
  const gpu = Object.entries(asked).find(([name]) => name.endsWith('/gpu'))?.[1];
  if (cpu !== undefined && cpu > 0) out['cpu'] = cpu;
  if (memory !== undefined && memory > 0) out['memoryMb'] = Math.ceil(memory / MEBI);
  if (gpu !== undefined && Number(gpu) > 0) out['gpu'] = Number(gpu);
  return Object.keys(out).length === 0 ? undefined : out;
}
