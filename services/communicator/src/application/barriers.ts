import type { AtBarrier, Barrier, GetBarrier } from '@multiswarm/contracts';
import { changeBarrier, type BarrierRecord, type BarrierStep } from '../domain/sharing/barrier';
import type { Ledger } from './ledger';

/** Barriers at which swarms wait for each other. */
export class Barriers {
  constructor(private readonly ledger: Ledger<BarrierRecord>) {}

  arrive(at: AtBarrier): Promise<Barrier> {
    return this.change('arrive', at);
  }

  leave(at: AtBarrier): Promise<Barrier> {
    return this.change('leave', at);
  }

  async get({ name, namespace, parties }: GetBarrier): Promise<Barrier> {
    const found = await this.ledger.find(keyOf({ name, namespace }));
    return toBarrier(name, found?.record ?? nobodyAt(parties));
  }

  private async change(kind: BarrierStep['kind'], { name, namespace, ...step }: AtBarrier): Promise<Barrier> {
    const { record } = await this.ledger.change(keyOf({ name, namespace }), (found) =>
      changeBarrier(found?.record ?? nobodyAt(step.parties), { kind, ...step }),
    );
    return toBarrier(name, record);
  }
}

function nobodyAt(parties: number): BarrierRecord {
  return { parties, round: 0, arrived: [] };
}

function toBarrier(name: string, { parties, round, arrived }: BarrierRecord): Barrier {
  return { name, parties, round, arrived: [...arrived] };
}

function keyOf({ namespace, name }: Pick<GetBarrier, 'namespace' | 'name'>): string {
  return `barrier.${namespace}.${name}`;
}
