import type { Offer } from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';
import { formatAge, formatCost } from '../output/durations';
import type { View } from '../output/printer';
import { pairs } from './swarm';

export const offerView: View<Offer> = {
  name: ({ id }) => id,
  none: 'no offers: swarms make them, or "swarmctl offer make"',
  columns: ({ now }) => [
    { header: 'OFFER', value: ({ id }) => id },
    { header: 'LENDER', value: ({ lender }) => lender },
    { header: 'REGION', value: ({ region }) => region },
    { header: 'RESOURCES', value: resourcesOf },
    { header: 'PRICE/H', value: ({ pricePerHour }) => formatCost(pricePerHour), align: 'right' },
    { header: 'STATE', value: ({ state }) => state },
    { header: 'BORROWER', value: ({ claim }) => claim?.borrower ?? '-' },
    {
      header: 'CLAIM ENDS',
      value: ({ claim }) => (claim ? inTime(claim.until, now) : '-'),
      align: 'right',
    },
    { header: 'OFFER ENDS', value: ({ expiresAt }) => inTime(expiresAt, now), align: 'right' },
    { header: 'TOKEN', value: ({ claim }) => String(claim?.token ?? '-'), align: 'right', wide: true },
  ],
};

/** One change for people; that all was told is none. */
export function offerLine(offer: Offer, event: string): string | undefined {
  if (event === 'synced') return undefined;
  const { id, lender, state, claim, pricePerHour } = offer;
  const by = claim ? ` by ${claim.borrower}` : '';
  return `${event === 'put' ? '+' : '-'} ${id} ${lender} ${resourcesOf(offer)} ${formatCost(pricePerHour)}/h ${state}${by}`;
}

function resourcesOf({ resources }: Offer): string {
  return pairs(Object.fromEntries(resourceWords(resources)));
}

/** How long it is until then. */
export function inTime(instant: string, now: number): string {
  const leftMs = Date.parse(instant) - now;
  return leftMs <= 0 ? 'over' : formatAge(leftMs);
}
