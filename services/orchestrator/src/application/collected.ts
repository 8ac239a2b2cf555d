import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { TaskCommand } from '../domain/task/record';
import { fault } from '../domain/workflow/expressions';

/** What several steps have made, as the output of one; or why it cannot be. */
export function collected(output: JsonValue, what: string, instead: string): TaskCommand {
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= LIMITS.MAP_OUTPUT_BYTES) return { kind: 'fulfil', output };
  const message = `${what} have ${bytes} bytes, the limit is ${LIMITS.MAP_OUTPUT_BYTES} (MAP_OUTPUT_BYTES): use ${instead}`;
  return { kind: 'reject', error: fault('map-too-large', message) };
}
