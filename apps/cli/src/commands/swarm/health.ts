import type { Command } from 'commander';
import type { EndpointHealth, HealthEventPage, HealthPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { healthEventView, healthView } from '../../views/health';

interface Options {
  all?: boolean;
  events?: boolean;
  audit?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Shows which swarms get less than their slots hold, or nothing, and why: circuit breakers, outliers, slow starts, maintenance, and what was forced.',
  examples: [
    { command: 'swarmctl swarm health', does: 'who is not ready' },
    { command: 'swarmctl swarm health eu-west-writers -o json', does: 'everything about one' },
    { command: 'swarmctl swarm health --events', does: 'what has happened, the newest first' },
    { command: 'swarmctl swarm health eu-west-writers --audit', does: 'who has forced or reset it, and why' },
  ],
  configure(command: Command) {
    command
      .option('--all', 'also those that are ready')
      .option('--events', 'what has happened instead, as the load-balancer that answers has seen it')
      .option('--audit', 'what operators have done instead');
  },
  run: health,
};

async function health({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [id] = args;
  const api = new HttpApi(global.loadBalancer);
  const printer = new Printer(io, global.format);
  if (options.events === true || options.audit === true) {
    const path = options.audit === true ? paths.healthAudit : paths.healthEvents;
    const { items } = await api.get<HealthEventPage>(path, { query: { swarm: id } });
    printer.list(healthEventView, items);
  } else if (id !== undefined)
    printer.one(healthView, await api.get<EndpointHealth>(paths.endpointHealth(id)));
  else {
    const { items, counts, isPanic } = await api.get<HealthPage>(paths.health, {
      query: { all: options.all },
    });
    printer.list(healthView, items, null, { counts, isPanic });
  }
  return EXIT.ok;
}
