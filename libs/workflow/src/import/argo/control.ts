import { LIMITS } from '@multiswarm/contracts';
import { fieldsOf, listOf, plainText, textOf, type Fields } from '../imported';
import { timeoutOf } from './policies';
import type { Place, Problems } from './problems';
import { durationMs } from './quantities';
import { fixedText, type Scope } from './scope';

/** The signal that ends a suspension whose parameters somebody supplies; its payload is `{ parameters: { … } }`. */
const RESUME = 'resume';

/** A suspend template: a pause, an approval, or a wait for parameters that somebody supplies. */
export function controlOf(
  suspend: Fields,
  template: Fields,
  place: Place,
  scope: Scope,
  problems: Problems,
): Record<string, unknown> {
  const { duration } = suspend;
  if (duration !== undefined && duration !== '') {
    const ms = durationMs(fixedText(plainText(duration), scope, [...place, 'suspend', 'duration'], problems));
    if (ms === undefined)
      problems.lost(
        [...place, 'suspend', 'duration'],
        'time-limit',
        `"${plainText(duration)}" is no time that is known before`,
      );
    return { sleep: { ms: Math.min(ms ?? 0, LIMITS.DURATION_MS) } };
  }
  const timeoutMs = timeoutOf(template, place, problems, scope);
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const supplied = listOf(fieldsOf(template['outputs'])['parameters']).map(fieldsOf);
  if (supplied.length === 0) return { approval: { prompt: textOf(template['name']) ?? 'go on?', ...limit } };
  const names = supplied.map(({ name }) => String(name)).join(', ');
  problems.differs(
    [...place, 'suspend'],
    'supplied',
    `whoever resumes it sends the signal ${RESUME} with {"parameters":{…}} (${names})`,
  );
  return { waitFor: { signal: RESUME, ...limit } };
}
