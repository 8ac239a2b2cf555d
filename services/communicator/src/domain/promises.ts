import { MultiswarmError, type MessageSubmission } from '@multiswarm/contracts';

export interface Relaying {
  /** CROSS_SWARM_COMMUNICATION */
  crossSwarm: boolean;
}

/** Refuses what this build cannot keep its word on; nothing is sent with a weaker promise than was asked for. */
export function assertPromisable(submission: MessageSubmission, { crossSwarm }: Relaying): void {
  assertRelaying({ crossSwarm });
  const { data, dataRef } = submission;
  if (dataRef === undefined || Object.keys(data ?? {}).length === 0) return;
  throw new MultiswarmError('invalid-request', 'data and dataRef: give one of them', {
    findings: [{ pointer: '/dataRef', code: 'conflict', message: 'not together with data' }],
  });
}

export function assertRelaying({ crossSwarm }: Relaying): void {
  if (crossSwarm) return;
  throw new MultiswarmError(
    'feature-not-available',
    'messages between swarms are switched off by the setting CROSS_SWARM_COMMUNICATION=false',
  );
}
