import type { Bus } from '@multiswarm/bus';
import type { Clock, Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { deadMessageEndpoints } from './adapters/bus/dead-message-endpoints';
import { listenOn } from './adapters/bus/endpoints';
import { MailboxOwners } from './adapters/bus/mailbox-owners';
import { communicationRoutes } from './adapters/http/communication-routes';
import { deadMessageRoutes } from './adapters/http/dead-message-routes';
import { MailboxConnections } from './adapters/http/mailbox-connections';
import { mailboxRoutes } from './adapters/http/mailbox-routes';
import { mailboxStreamRoutes } from './adapters/http/mailbox-streams';
import { JetStreamDeadMailStore } from './adapters/jetstream/dead-mail-store';
import { DeadMessages } from './application/dead-messages';
import type { Outbox } from './ports';

export interface MailAccessParts {
  bus: Bus;
  /** The JetStream domain whose mail is shown. */
  domain: string;
  outbox: Outbox;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

/** Wires what those who are no swarms see of the mail, and what is done to it by hand. */
export function startMailAccess({ bus, domain, ...parts }: MailAccessParts): {
  routes: Route[];
  stop(): Promise<void>;
} {
  const dead = new DeadMessages({ ...parts, store: new JetStreamDeadMailStore(bus, domain) });
  const listening = listenOn(bus, deadMessageEndpoints(dead));
  const owners = new MailboxOwners(bus, domain);
  const connections = new MailboxConnections({ ...parts, desk: owners });
  const routes = [
    ...deadMessageRoutes(dead),
    ...mailboxRoutes(owners),
    ...mailboxStreamRoutes(connections),
    ...communicationRoutes(owners),
  ];
  return { routes, stop: () => listening.stop() };
}
