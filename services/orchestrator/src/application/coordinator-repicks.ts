import {
  groupOf,
  type AttemptDispatch,
  type AttemptRef,
  type LbReport,
  type Placement,
  type PlaceItem,
  type PlaceResult,
} from '@multiswarm/contracts';
import type { Logger } from '@multiswarm/telemetry';
import type { Placer } from '../ports';
import type { Route } from './coordinator-routes';

type Ending = LbReport['outcomes'][number]['outcome'];

/** Asks the load-balancer for other swarms of one region, in the name of its coordinator. */
export class Repicks {
  constructor(
    private readonly region: string,
    private readonly epoch: number,
    private readonly placer: Placer,
    private readonly logger: Logger,
  ) {}

  /** Another swarm of the region for each attempt, none of those that have refused it; what is found besides is given back. */
  async find(
    refused: readonly { attempt: AttemptDispatch; route: Route }[],
  ): Promise<Map<AttemptDispatch, Placement>> {
    const results = await this.place(refused);
    const found = new Map<AttemptDispatch, Placement>();
    for (const { attempt, route } of refused) {
      const placement = results.get(attempt.taskId)?.placement;
      if (!placement) continue;
      // To avoid a swarm is only a wish.
      if (placement.region === this.region && !route.refusedBy.includes(placement.swarmId))
        found.set(attempt, placement);
      else this.giveBack(attempt, placement, 'unused');
    }
    return found;
  }

  giveBack({ taskId, attempt }: AttemptRef, placement: Placement | undefined, outcome: Ending): void {
    if (!placement) return;
    const { reservationId, swarmId } = placement;
    this.placer.report([{ reservationId, swarmId, taskId, attempt, outcome }]);
  }

  private async place(
    refused: readonly { attempt: AttemptDispatch; route: Route }[],
  ): Promise<Map<string, PlaceResult>> {
    const { region, epoch } = this;
    const items = refused.map(({ attempt, route }) => {
      const { taskId, attempt: number, namespace, type, requirements, traceparent } = attempt;
      const here = { ...requirements, region: [region] };
      const avoid = [...route.refusedBy];
      const wishes = wishesOf(attempt);
      const classKey = JSON.stringify([namespace, type, here, avoid, wishes]);
      return {
        ...{ key: taskId, classKey, attempt: number, namespace, type, requirements: here },
        ...{ avoid, traceparent },
        ...wishes,
      };
    });
    try {
      const results = await this.placer.place(epoch, items, region);
      return new Map(results.map((result) => [result.key, result]));
    } catch (error) {
      this.logger.warn('no other swarm was found for what was refused', { region, error });
      return new Map();
    }
  }
}

/** As its owner wishes; but it has waited for its region before it came to this one. */
function wishesOf({ routing, workflowId, type }: AttemptDispatch): Pick<PlaceItem, 'routing'> {
  if (routing === undefined) return {};
  const { localityWaitMs: _waited, ...wishes } = routing;
  const group = groupOf(routing, workflowId ?? type);
  return { routing: group === undefined ? wishes : { ...wishes, group } };
}
