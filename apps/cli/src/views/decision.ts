import type { Decision, DecisionDetail, SimulatedChoice } from '@multiswarm/contracts';
import { formatAge, formatCost } from '../output/durations';
import type { View } from '../output/printer';
import { receiptLines, waitingText } from './task-detail';

/** Digits that tell swarms apart. */
const SCORE_DIGITS = 4;

export const choiceView: View<SimulatedChoice> = {
  name: ({ policy }) => policy,
  none: 'no policy would place it now',
  columns: () => [
    { header: 'POLICY', value: ({ policy, isUsed }) => (isUsed ? `${policy} *` : policy) },
    { header: 'SWARM', value: ({ swarmId }) => swarmId },
    { header: 'REGION', value: ({ region }) => region },
    {
      header: 'COST/SLOT/H',
      value: ({ costPerSlotHour }) => formatCost(costPerSlotHour),
      align: 'right',
    },
    { header: 'SCORE', value: ({ scores }) => scoreText(scores[0]), align: 'right' },
    { header: 'WHY', value: ({ because, reasons = [] }) => [...reasons, because].join('; ') },
  ],
};

export const decisionView: View<Decision> = {
  name: ({ id }) => id,
  none: 'no decisions that fit',
  columns: ({ now }) => [
    { header: 'DECISION', value: ({ id }) => id },
    { header: 'AGE', value: ({ at }) => formatAge(now - Date.parse(at)), align: 'right' },
    { header: 'FOR', value: ({ key, attempt }) => `${key}#${attempt}` },
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'POLICY', value: ({ policy }) => policy },
    { header: 'SWARM', value: ({ swarmId, outcome }) => swarmId ?? outcome },
    { header: 'WHY', value: ({ because }) => because },
  ],
};

export const decisionDetailView: View<DecisionDetail> = {
  ...decisionView,
  detail: (decision, { color }) => {
    const { id, at, key, attempt, namespace, type, swarmId, region, receipt, waiting } = decision;
    const where = swarmId === undefined ? 'nowhere' : `${swarmId} (${region ?? '?'})`;
    const head = `${color.bold(id)}  ${key}#${attempt} to ${where}\n  ${color.dim(`${type}, namespace ${namespace}, ${at}`)}\n`;
    const why = receipt === undefined ? '' : `${receiptLines(receipt).join('\n')}\n`;
    return head + why + (waiting === undefined ? '' : waitingText(waiting));
  },
};

function scoreText(score: number | undefined): string {
  return score === undefined ? '-' : String(Number(score.toPrecision(SCORE_DIGITS)));
}
