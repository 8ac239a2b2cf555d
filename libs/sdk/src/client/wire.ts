import { BatchReply, isCount, isListOf, isObject, quick, type Unknown } from '@multiswarm/contracts';

/** The answer to a batch, which has an item for each of its tasks. */
export const QuickBatchReply = quick(
  BatchReply,
  (value) =>
    isObject(value) &&
    isWhole(value['accepted']) &&
    isWhole(value['rejected']) &&
    isListOf(value['results'], isAccepted),
);

/** Refused ones are few, and zod reads them. */
function isAccepted({ index, id, duplicate }: Unknown): boolean {
  return isWhole(index) && typeof id === 'string' && typeof duplicate === 'boolean';
}

function isWhole(value: unknown): boolean {
  return isCount(value, Number.MIN_SAFE_INTEGER);
}
