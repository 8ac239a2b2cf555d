import { Printed } from '@multiswarm/bus';
import type { Routed } from '../application/routed';
import { printPlacement } from '../domain/engine/print-placement';

/** The answer to a routed request, as JSON. */
export function printRouted({ decision, address }: Routed): Printed {
  const placement = printPlacement(decision);
  if (address === undefined) return new Printed(placement);
  return new Printed(`${placement.slice(0, -1)},"address":${JSON.stringify(address)}}`);
}
