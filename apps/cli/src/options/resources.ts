import { Resources } from '@multiswarm/contracts';
import { usageFault } from '../faults';
import { numberOption } from './repeatable';

const NAMES = Object.keys(Resources.shape);

/** What `--resource cpu=2` and its kind name, as numbers. */
export function resourcesOf(given: Readonly<Record<string, string>>): Resources {
  return Object.fromEntries(
    Object.entries(given).map(([key, text]) => {
      if (!NAMES.includes(key)) throw usageFault(`--resource ${key}: one of ${NAMES.join(', ')}`);
      return [key, numberOption(`--resource ${key}`)(text)];
    }),
  );
}
