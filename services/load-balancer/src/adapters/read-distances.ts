import { readFileSync } from 'node:fs';
import { MultiswarmError } from '@multiswarm/contracts';
import { Distances, parseDistances } from '../domain/locality/distances';

/**
 * The latencies between regions that a file tells.
 * @param path empty: none are told
 * @throws MultiswarmError `invalid-configuration`
 */
export function readDistances(path: string): Distances {
  if (path === '') return new Distances();
  try {
    return new Distances(parseDistances(readFileSync(path, 'utf8')));
  } catch (error) {
    const message = `REGION_LATENCIES: ${path}: ${error instanceof Error ? error.message : String(error)}`;
    throw new MultiswarmError('invalid-configuration', message, {
      cause: error,
      findings: [{ pointer: '/REGION_LATENCIES', code: 'not-allowed', message }],
    });
  }
}
