import { addressOf, mailboxShardOf, Namespace, SwarmId, type MailAddress } from '@multiswarm/contracts';

export interface Stray {
  /** As far as its subject says it. */
  readonly address: MailAddress;
  readonly why: string;
}

/**
 * Why a message that is stored in a part of the mailboxes is in no mailbox of it; undefined where it is. Whoever uses the subjects of messages without
 * the SDK can get them wrong, and nobody would ever read what he has stored there.
 */
export function strayOf(subject: string, shard: number): Stray | undefined {
  const address = addressOf(subject);
  if (address === undefined)
    return { address: partOf(subject), why: `"${subject}" is no subject of a message` };
  const right = mailboxShardOf(address.to);
  if (right === shard) return undefined;
  return { address, why: `the mailbox of "${address.to}" is in part ${right}, not ${shard}` };
}

function partOf(subject: string): MailAddress {
  const [namespace = '', to = '', from = ''] = subject.split('.').slice(7);
  const swarm = (name: string): string => (SwarmId.safeParse(name).success ? name : 'unknown');
  return {
    ...{ qos: 'at-least-once', priority: 'normal', to: swarm(to), from: swarm(from) },
    namespace: Namespace.safeParse(namespace).success ? namespace : 'default',
  };
}
