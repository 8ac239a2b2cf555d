import { MultiswarmError, type JsonValue } from '@multiswarm/contracts';

/** What somebody has said to an approval. Of the step that waited for it, it is the output. */
export interface ApprovalAnswer {
  approved: boolean;
  /** Null where nobody has said who it was. */
  by: string | null;
}

/** Undefined where it is none: the step was cancelled, or its time ran out. */
export function answerIn(output: JsonValue | undefined): ApprovalAnswer | undefined {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return undefined;
  const { approved, by } = output;
  if (typeof approved !== 'boolean' || (typeof by !== 'string' && by !== null)) return undefined;
  return { approved, by };
}

/**
 * The answer with which an approval has ended stands. To say the same again is no fault: whoever got no answer does so.
 * @throws MultiswarmError `wrong-state` where another answer was given, or the same by somebody else
 */
export function checkRepeated(step: string, before: ApprovalAnswer, again: ApprovalAnswer): void {
  if (before.approved === again.approved && before.by === again.by) return;
  const what = before.approved ? 'approved' : 'rejected';
  throw new MultiswarmError(
    'wrong-state',
    `the step "${step}" was ${what} by ${before.by ?? 'somebody'} already: that stands`,
  );
}
