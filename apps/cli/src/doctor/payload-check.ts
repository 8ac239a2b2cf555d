import type { PayloadCheck } from '@multiswarm/contracts';
import type { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import { Fault } from '../faults';

/** `not-checked`: why. */
export type CheckedPayloads = PayloadCheck | { 'not-checked': string };

/** Stored payloads against what tasks refer to. Where that cannot be said now, what was found of the shards is told all the same. */
export async function checkPayloads(api: HttpApi, repair: boolean): Promise<CheckedPayloads> {
  try {
    return await api.post<PayloadCheck>(paths.payloadCheck, { repair });
  } catch (error) {
    if (
      error instanceof Fault &&
      (error.code.startsWith('payload-store-') || error.code === 'repair-refused')
    )
      return { 'not-checked': error.message };
    throw error;
  }
}

/** Whether nothing is wrong that was not mended. */
export function isClean(checked: CheckedPayloads | undefined): boolean {
  if (checked === undefined || 'not-checked' in checked) return true;
  return faultsIn(checked) <= checked.repaired;
}

/** `12 payloads: orphan 1, dangling 2; 1 of them repaired: see "swarmctl payload check"` */
export function payloadSum(checked: CheckedPayloads): string {
  if ('not-checked' in checked) return `payloads were not checked: ${checked['not-checked']}`;
  const { payloads, counts, repaired } = checked;
  if (faultsIn(checked) === 0) return `${payloads} payloads: nothing differs`;
  const kinds = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
  return `${payloads} payloads: ${kinds.join(', ')}; ${repaired} of them repaired: see "swarmctl payload check"`;
}

function faultsIn({ counts }: PayloadCheck): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
