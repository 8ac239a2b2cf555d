import { MultiswarmError } from '@multiswarm/contracts';

export interface BarrierRecord {
  parties: number;
  round: number;
  arrived: readonly string[];
}

export interface BarrierStep {
  kind: 'arrive' | 'leave';
  member: string;
  parties: number;
  round: number;
}

/**
 * A barrier: `(record, step) → record`.
 *
 * B1. The round grows when as many different members have arrived as there are parties, and only then.
 * B2. A step of a round that is over changes nothing: who repeats it because its answer was lost does not arrive in the next one.
 */
export function changeBarrier(
  record: BarrierRecord,
  { kind, member, parties, round }: BarrierStep,
): BarrierRecord {
  if (round < record.round) return record;
  if (round > record.round)
    throw new MultiswarmError(
      'invalid-request',
      `the barrier is in round ${record.round}, there is no round ${round} yet`,
    );
  if (kind === 'leave') return { ...record, arrived: record.arrived.filter((each) => each !== member) };
  if (record.arrived.length > 0 && record.parties !== parties)
    throw new MultiswarmError(
      'invalid-request',
      `the barrier is for ${record.parties} parties, not ${parties}: others wait at it`,
    );
  const arrived = record.arrived.includes(member) ? record.arrived : [...record.arrived, member];
  if (arrived.length >= parties) return { parties, round: round + 1, arrived: [] };
  return { parties, round, arrived };
}
