import { isFields, type Fields } from '../imported';
import type { Place, Problems } from './problems';

/** What a template has that steps have no counterpart of. */
export function tellUnsupported(fields: Fields, place: Place, isRun: boolean, problems: Problems): void {
  if (fields['daemon'] === true)
    problems.lost(
      [...place, 'daemon'],
      'daemon',
      'a step that serves others while they run: start it outside, or make it a part of them',
    );
  if (isFields(fields['memoize']))
    problems.differs(
      [...place, 'memoize'],
      'memoize',
      'nothing is remembered from earlier runs: it runs each time',
    );
  if (isRun && isFields(fields['synchronization']))
    problems.lost([...place, 'synchronization'], 'synchronization', 'a lock around many steps');
  tellHooks(fields, place, problems);
}

/** Things to be done at the begin or end of a task. */
export function tellHooks(fields: Fields, place: Place, problems: Problems): void {
  for (const field of ['hooks', 'onExit'])
    if (fields[field] !== undefined)
      problems.lost([...place, field], 'hooks', 'hooks: make what they do a task that depends on this one');
}
