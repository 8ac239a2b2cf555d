import { LIMITS, MultiswarmError, type MessageSubmission } from '@multiswarm/contracts';

export interface Relaying {
  /** CROSS_SWARM_COMMUNICATION */
  crossSwarm: boolean;
}

/** Refuses what this build cannot keep its word on; nothing is sent with a weaker promise than was asked for. */
export function assertPromisable(submission: MessageSubmission, { crossSwarm }: Relaying): void {
  assertRelaying({ crossSwarm });
  const bytes = Buffer.byteLength(JSON.stringify(submission.data));
  if (bytes > LIMITS.MESSAGE_BYTES) {
    throw new MultiswarmError(
      'body-too-large',
      `the data of the message has ${bytes} bytes, the limit is ${LIMITS.MESSAGE_BYTES}`,
      {
        findings: [
          { pointer: '/data', code: 'too-large', message: `at most ${LIMITS.MESSAGE_BYTES} bytes as JSON` },
        ],
      },
    );
  }
}

export function assertRelaying({ crossSwarm }: Relaying): void {
  if (crossSwarm) return;
  throw new MultiswarmError(
    'feature-not-available',
    'messages between swarms are switched off by the setting CROSS_SWARM_COMMUNICATION=false',
  );
}
