import { GetDeadMessage, ListDeadMessages, SettleDeadMessages, subjects } from '@multiswarm/contracts';
import type { DeadMessages } from '../../application/dead-messages';
import { named } from '../who-asks';
import { endpoint, type Endpoint } from './endpoints';

/** Dead messages over NATS. */
export function deadMessageEndpoints(dead: DeadMessages): Endpoint[] {
  return [
    endpoint(subjects.deadMessage('list'), ListDeadMessages, (query) => dead.list(query)),
    endpoint(subjects.deadMessage('get'), GetDeadMessage, ({ seq }) => dead.get(seq)),
    endpoint(subjects.deadMessage('redrive'), SettleDeadMessages, (asked) =>
      dead.redrive(named(asked, 'nats')),
    ),
    endpoint(subjects.deadMessage('purge'), SettleDeadMessages, (asked) => dead.purge(named(asked, 'nats'))),
  ];
}
