import { SERVER_FEATURES, type ServerFeature } from '@multiswarm/contracts';
import { table } from './table';

export function natsPage(): string {
  const rows = (need: ServerFeature['need']): string[][] =>
    Object.entries<ServerFeature>(SERVER_FEATURES)
      .filter(([, feature]) => feature.need === need)
      .map(([name, { since, text }]) => [name, since, text]);
  return `# NATS servers

Multiswarm runs on nats-server 2.9.10, which Debian 12 has, and on newer ones; for production take a current 2.12 or later. The
communicator looks at the server when it starts: JetStream has to answer there, and what it needs has to be there. A server
that lacks something of it is refused with \`feature-not-available\`: the line names the feature, the version that was found and the one that is
needed. \`swarmctl doctor\` says the same of the server on its port.

## Required

${table(['feature', 'since', 'for what'], rows('required'))}

## Not used

An old server does not refuse these: it takes them, and does something else. So nothing here rests on them, on a new server
neither, and a deployment does the same on all of them. What a server lacks of these is told once, in the log of
the communicator at its start and by \`swarmctl doctor\`.

${table(['feature', 'since', 'what is done instead, and what 2.9 does'], rows('not used'))}

## To know

- \`sync_interval\` in its configuration keeps 2.9 from starting.
- Messages that were consumed are forgotten by the deduplication of 2.9 at its restart: a repeated id is stored again then.
- Where several domains are connected as leaf nodes, each has streams of its own, and subjects that name the domain: a message that two streams
  take is stored twice. [Several regions](regions.md) says how they are set up, and what has to stay in each.
- A hub tells its leaf nodes under which addresses it can be reached, and a leaf that has lost it tries all of them: who wants to cut a line, or to
  lead it through a proxy, sets \`advertise\` at the hub. \`no_advertise\` does not keep 2.9 from telling its own.
`;
}
