import type { RouteReply } from '@multiswarm/contracts';
import { renderPlacement, type Decision } from '../domain/engine/decision';

/** A request that was placed, as it is kept: who answers it prints it, or makes an object of it. */
export class Routed {
  /** @param address of an external endpoint */
  constructor(
    readonly decision: Decision,
    readonly address?: string | undefined,
  ) {}

  get reply(): RouteReply {
    const { decision, address } = this;
    const placement = renderPlacement(decision);
    return address === undefined ? placement : { ...placement, address };
  }
}
