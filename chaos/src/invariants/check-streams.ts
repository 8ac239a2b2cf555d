import type { Evidence } from '../evidence/evidence';
import type { Watched } from '../evidence/watchers';
import type { Broken } from './invariants';

/** Of each attempt every number from 1 on comes once and in order, or is in a gap that was told; attempts come one after the other. */
export function checkStreams({ watched }: Evidence): Broken[] {
  return watched.flatMap((each): Broken[] => {
    const fault = each.ended ? faultIn(each) : `its stream has not ended: ${each.error ?? ''}`;
    return fault === undefined ? [] : [{ invariant: 'streams-whole', taskId: each.taskId, detail: fault }];
  });
}

function faultIn({ items }: Watched): string | undefined {
  let [attempt, next] = [0, 1];
  for (const item of items) {
    if (item.attempt < attempt) return `attempt ${item.attempt} was heard after attempt ${attempt}`;
    if (item.attempt > attempt) [attempt, next] = [item.attempt, 1];
    if (item.seq !== next) return `of attempt ${attempt} came ${item.seq} where ${next} was to come`;
    next = (item.kind === 'gap' ? (item.until ?? item.seq) : item.seq) + 1;
  }
  return undefined;
}
