import type { RouteReply } from '@multiswarm/contracts';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

export const routeView: View<RouteReply> = {
  name: ({ swarmId }) => swarmId,
  none: 'nothing was chosen',
  columns: () => [
    { header: 'ENDPOINT', value: ({ swarmId }) => swarmId },
    { header: 'REGION', value: ({ region }) => region },
    { header: 'BECAUSE', value: ({ receipt }) => receipt.because },
  ],
  detail: routeDetail,
};

function routeDetail(reply: RouteReply, { color }: ViewContext): string {
  const { swarmId, region, address, reservationId, costPerSlotHour, receipt } = reply;
  const { policy, because, candidates, feasible, withFreeSlot, rejected, ranked } = receipt;
  const rows = [
    ['region', region],
    ...(address === undefined ? [] : [['address', address]]),
    ['because', because],
    ['policy', policy],
    ['choice', `${candidates} known, ${feasible} can, ${withFreeSlot} with a free slot`],
    ...rejected.map(({ rule, count, detail }) => ['dropped', `${count} by ${rule}: ${detail}`]),
    ...(ranked.length > 1
      ? [
          [
            'next',
            ranked
              .slice(1)
              .map((each) => each.swarmId)
              .join(', '),
          ],
        ]
      : []),
    ['price', `$${Number(costPerSlotHour.toPrecision(3))} per slot-hour`],
    ['reservation', reservationId],
  ];
  const facts = rows.map(([label = '', value = '']) => [color.dim(label), value]);
  return `${color.bold(swarmId)}\n${alignRows(facts, { indent: '  ' })}`;
}
