import type { LearningPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, Fault } from '../../faults';
import { Printer } from '../../output/printer';
import { learnedView, learningView } from '../../views/learning';

export const command: CommandDefinition = {
  description:
    'Shows whether the load-balancer learns or is frozen, and what operators did; of a type of work, what was learned of it on each class of swarms. Exit code 3 where nothing is known of it.',
  examples: [
    { command: 'swarmctl learning get', does: 'who has frozen or reset it, and why' },
    { command: 'swarmctl learning get render', does: 'one type on all classes' },
    {
      command: `swarmctl learning get render 'gpu llm $2' -o yaml`,
      does: 'all that is known of it on one class',
    },
  ],
  configure: () => undefined,
  run: get,
};

async function get({ args, global, io }: Invocation): Promise<number> {
  const [type, swarmClass] = args;
  const api = new HttpApi(global.loadBalancer);
  const printer = new Printer(io, global.format);
  const page = await api.get<LearningPage>(paths.learning, {
    query: { type, swarmClass, limit: type === undefined ? 1 : 500 },
  });
  if (type === undefined) {
    const { halfLifeMs, frozen, commands } = page;
    printer.one({ ...learningView, data: () => ({ frozen: frozen ?? null, halfLifeMs, commands }) }, page);
    return EXIT.ok;
  }
  if (page.items.length === 0) {
    const where = swarmClass === undefined ? '' : ` on swarms of class "${swarmClass}"`;
    throw new Fault(`nothing has been learned of type "${type}"${where}`, {
      ...{ code: 'not-learned', exit: EXIT.notFound, hint: '"swarmctl learning list" lists what is known' },
    });
  }
  const [only] = page.items;
  if (swarmClass !== undefined && only !== undefined) printer.one(learnedView, only);
  else printer.list(learnedView, page.items);
  return EXIT.ok;
}
