import type { AddStepsRequest, JsonValue } from '@multiswarm/contracts';
import type { WishedFor } from '../task/record';

/** What people, and agents, may tell a run. `at`: epoch ms. */
export type RunCommand =
  | ({ kind: 'cancel' } & WishedFor)
  | ({ kind: 'pause' } & WishedFor)
  | { kind: 'resume'; requestedBy?: string | undefined }
  | {
      kind: 'signal';
      name: string;
      payload: JsonValue;
      step?: string | undefined;
      requestedBy?: string | undefined;
      at: number;
    }
  | {
      kind: 'approve';
      step: string;
      approved: boolean;
      note?: string | undefined;
      requestedBy?: string | undefined;
      at: number;
    }
  | { kind: 'add-steps'; added: AddedSteps; requestedBy?: string | undefined };

export interface AddedSteps extends Pick<AddStepsRequest, 'tasks' | 'dependencies' | 'by'> {
  /** Hashes of those that were given with other words than they have here, by position; null of all others. */
  asGiven?: (string | null)[] | undefined;
}
