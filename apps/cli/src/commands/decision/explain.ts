import type { DecisionDetail } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { decisionDetailView } from '../../views/decision';

export const command: CommandDefinition = {
  description:
    'Shows one decision of the load-balancer with its receipt: who was in question, who fell out by which rule, scores, price, and how old the view was.',
  examples: [
    { command: 'swarmctl decision explain 0198c2d3e4f5ffffffffffffff-17', does: 'why it went there' },
    {
      command: 'swarmctl decision explain 0198c2d3e4f5ffffffffffffff-17 -o json',
      does: 'the receipt for a program',
    },
  ],
  configure: () => undefined,
  run: explain,
};

async function explain({ args, global, io }: Invocation): Promise<number> {
  const api = new HttpApi(global.loadBalancer);
  const decision = await api.get<DecisionDetail>(`/v1/decisions/${encodeURIComponent(args[0] ?? '')}`);
  new Printer(io, global.format).one(decisionDetailView, decision);
  return EXIT.ok;
}
