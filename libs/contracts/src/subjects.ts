import { mailIdentity, type MailName } from './mail-identity';

/** Every NATS subject of the system. They are built here and nowhere else. */
const V = 'ms.v1';

/** With the padding, as object stores of NATS have it. */
export function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Object stores of NATS, and KV buckets. */
export const buckets = {
  payloads: 'ms-payloads',
  offers: 'ms-offers',
  agreements: 'ms-agreements',
  directory: 'ms-directory',
  topicSubscriptions: 'ms-topic-subscriptions',
  topicCursors: 'ms-topic-cursors',
  topicLeases: 'ms-topic-leases',
} as const;

/**
 * Where a JetStream domain without the store of the orchestrator keeps data of messages. The name has the domain in it, since leaf nodes hear
 * what is stored in each other: a subject that two of them keep would be stored twice.
 */
export function payloadBucketOf(domain: string): string {
  return `${buckets.payloads}-${domain}`;
}

/** The stream of an object store. */
export function streamOfBucket(bucket: string): string {
  return `OBJ_${bucket}`;
}

/** A mailbox shard of a JetStream domain. */
export interface MailShard {
  domain: string;
  shard: number;
}

export const subjects = {
  /** Clients → any orchestrator (queue group): submit, submit-batch, get, list, counts, cancel. */
  task: (verb: string) => `${V}.task.${verb}`,
  workflow: (verb: string) => `${V}.workflow.${verb}`,
  /** put, get, list, versions, delete. */
  definition: (verb: string) => `${V}.definition.${verb}`,
  /** create, get, list, update, pause, resume, trigger, backfill, delete. */
  schedule: (verb: string) => `${V}.schedule.${verb}`,
  /** There may be something to do for a schedule. */
  scheduleChanged: () => `${V}.schedule.changed`,
  /** list, get, redrive, purge. */
  deadLetter: (verb: string) => `${V}.dead-letter.${verb}`,
  /** check. */
  payload: (verb: string) => `${V}.payload.${verb}`,
  status: () => `${V}.status`,
  fleet: (verb: string) => `${V}.fleet.${verb}`,
  /** Clients → any orchestrator (queue group): list, check, export, import, recover. */
  shards: (verb: string) => `${V}.shards.${verb}`,

  /** → the shard's owner. */
  shardCommand: (shard: number) => `${V}.shard.${shard}.command`,
  shardSearch: (shard: number) => `${V}.shard.${shard}.search`,
  shardReport: (shard: number) => `${V}.shard.${shard}.report`,

  /** Reports of a swarm for all shards of one replica. */
  replicaReport: (replica: string) => `${V}.replica.${replica}.report`,
  /** Replicas tell each other that they live, and which shards they have. */
  replicaAlive: () => `${V}.replica.alive`,

  /** Owners → the scheduler: tasks that are queued, gone, released. */
  schedulerChanges: () => `${V}.scheduler.changes`,
  /** The scheduler → an owner: placements to commit. */
  shardGrant: (shard: number) => `${V}.shard.${shard}.grant`,
  /** A scheduler has taken office, and asks every owner for what it has. */
  schedulerActive: () => `${V}.scheduler.active`,
  /** Settings of a namespace have changed. */
  namespaceChanged: () => `${V}.namespace.changed`,
  /** Clients → any orchestrator (queue group): get, list, put. */
  namespace: (verb: string) => `${V}.namespace.${verb}`,

  /** Why tasks wait: → the scheduler. */
  schedulerExplain: () => `${V}.scheduler.explain`,
  /** How one task stands in the line, and under which limits: → the scheduler. */
  schedulerStanding: () => `${V}.scheduler.standing`,
  /** What it has of one shard, for a deep check: → the scheduler. */
  schedulerCensus: () => `${V}.scheduler.census`,

  lbPlace: () => `${V}.lb.place`,
  lbRoute: () => `${V}.lb.route`,
  /** What every policy would decide for a request: → any load-balancer (queue group). */
  lbSimulate: () => `${V}.lb.simulate`,
  /** → any load-balancer: the last minute of routing, as it saw it. */
  lbMetrics: () => `${V}.lb.metrics`,
  /** → any load-balancer: what another policy would have decided in the place of those that it remembers. */
  lbReplay: () => `${V}.lb.replay`,
  lbReport: () => `${V}.lb.report`,
  /** What the fleet has for a class of tasks: → any load-balancer (queue group). */
  lbExplain: () => `${V}.lb.explain`,
  /** Which attempts of a shard it counts, for a deep check: → any load-balancer (queue group). */
  lbCensus: () => `${V}.lb.census`,
  /** The health of swarms: → any load-balancer (queue group): get, list, events, audit, force, reset, windows, plan, cancel. */
  lbHealth: (verb: string) => `${V}.lb.health.${verb}`,
  /** What happens to the health of swarms, as each load-balancer sees it. */
  lbHealthEvent: () => `${V}.lb.health-event`,
  /** Swarms to which it gives nothing: load-balancer → orchestrators. */
  lbUnwell: () => `${V}.lb.unwell`,
  /** What operators have set has changed: → all load-balancers. */
  lbHealthChanged: () => `${V}.lb.health-changed`,
  /** list, freeze, unfreeze, reset: → any load-balancer (queue group). */
  lbLearning: (verb: string) => `${V}.lb.learning.${verb}`,
  /** Learning was frozen, unfrozen or reset: → every load-balancer. */
  lbLearningChanged: () => `${V}.lb.learning-changed`,
  lbCapacity: () => `${V}.lb.capacity`,
  /** Reservations that nobody needs: → all load-balancers. */
  lbRelease: () => `${V}.lb.release`,
  /** A slot of an external endpoint was reserved or renewed: → all load-balancers. */
  lbReserved: () => `${V}.lb.reserved`,
  /** → the load-balancer that has made a reservation: it is held for longer. */
  lbRenew: (replica: string) => `${V}.lb.renew.${replica}`,
  /** Clients → any load-balancer (queue group): register, get, list, remove, report, release, policies. */
  endpoint: (verb: string) => `${V}.endpoint.${verb}`,
  /** An external endpoint was registered, renewed or removed: → all load-balancers. */
  endpointChanged: () => `${V}.endpoint.changed`,

  regionDispatch: (region: string) => `${V}.region.${region}.dispatch`,
  regionControl: (region: string) => `${V}.region.${region}.control`,
  regionSummary: (region: string) => `${V}.region.${region}.summary`,
  allRegionSummaries: () => `${V}.region.*.summary`,

  swarmTasks: (swarmId: string) => `${V}.swarm.${swarmId}.tasks`,
  swarmControl: (swarmId: string) => `${V}.swarm.${swarmId}.control`,
  swarmHeartbeat: (swarmId: string) => `${V}.swarm.${swarmId}.heartbeat`,
  swarmDismissed: (swarmId: string) => `${V}.swarm.${swarmId}.dismissed`,
  allHeartbeats: () => `${V}.swarm.*.heartbeat`,
  /** Whoever starts asks every swarm to heartbeat at once. */
  census: () => `${V}.census`,

  /** Anybody → communicator (queue group): send, get, site, locate. */
  /** Clients → any communicator (queue group): list, get, redrive, purge. */
  deadMessage: (verb: string) => `${V}.dead-message.${verb}`,
  /** Who sends is in the subject, so that permissions of NATS can say who may send as whom. */
  messageSend: (namespace: string, from: string) => `${V}.message.send.${namespace}.${from}`,
  messageSends: () => `${V}.message.send.*.*`,
  messageGet: () => `${V}.message.get`,
  /** Swarms → communicator (queue group): make, get, list, claim, renew, release, withdraw. */
  offer: (verb: string) => `${V}.offer.${verb}`,
  /** Swarms → communicator (queue group): advertise, withdraw, get, search, changes. */
  directory: (verb: string) => `${V}.directory.${verb}`,
  /** → one replica of the communicator: each has its own order of changes. */
  directoryChanges: (replica: string) => `${V}.directory-changes.${replica}`,
  /** make, vote, get, list. */
  proposal: (verb: string) => `${V}.proposal.${verb}`,
  /** get, arrive, leave. */
  barrier: (verb: string) => `${V}.barrier.${verb}`,
  /** acquire, renew, release, get. */
  lease: (verb: string) => `${V}.lease.${verb}`,
  /** get, put, delete, list, history, buckets, bucket, make, drop. */
  state: (verb: string) => `${V}.state.${verb}`,
  messageSite: () => `${V}.message.site`,
  /** → the communicators of a domain: is the line so that it lets this through, which it should not? */
  messageHere: (domain: string) => `${V}.message.here.${domain}`,
  messageLocate: () => `${V}.message.locate`,
  /** Senders → recipients, or, beneath another name, the stream of the domain: what it keeps must be all of one pattern. */
  mail: (
    qos: string,
    { domain, shard }: MailShard,
    priority: string,
    namespace: string,
    to: string,
    from: string,
  ) =>
    `${V}.${qos === 'at-most-once' ? 'msg' : 'mail'}.${qos}.${domain}.${shard}.${priority}.${namespace}.${to}.${from}`,
  /** Messages at most once for a swarm: they come straight from their senders. */
  mailFor: (namespace: string, to: string) => `${V}.msg.at-most-once.*.*.*.${namespace}.${to}.*`,
  /** What the stream of a domain keeps. */
  storedMail: (domain: string) => `${V}.mail.*.${domain}.>`,
  storedMailOf: ({ domain, shard }: MailShard, priority: string) =>
    `${V}.mail.*.${domain}.${shard}.${priority}.>`,
  /** → the owner of a mailbox shard: room, attend, settle, take, info, list, forward, homes, outgoing. */
  mailbox: ({ domain, shard }: MailShard, verb: string) => `${V}.mailbox.${domain}.${shard}.${verb}`,
  /** The owner of a mailbox shard → whoever reads mailboxes: he has taken office. */
  mailboxOwner: () => `${V}.mailbox-owner`,
  /** The owner of a mailbox shard → those of the other domains: a mailbox is read in his domain from now on. */
  mailHome: (shard: number) => `${V}.mail-home.${shard}`,
  /** The owner of a mailbox shard → a session. */
  mailDelivery: (session: string) => `${V}.deliver.${session}`,
  /** Messages that were given up. */
  deadMail: (domain: string, namespace: string, to: string) => `${V}.dlq.${domain}.${namespace}.${to}`,
  allDeadMail: (domain: string) => `${V}.dlq.${domain}.>`,
  /** Failed tries of a message, so that the next owner of its mailbox knows of them. */
  mailNote: ({ domain, shard }: MailShard, seq: number) => `${V}.mail-note.${domain}.${shard}.${seq}`,
  mailNotes: ({ domain, shard }: MailShard) => `${V}.mail-note.${domain}.${shard}.*`,
  /** What came last from another domain to a mailbox. */
  mailCame: ({ domain, shard }: MailShard, namespace: string, to: string, origin: string) =>
    `${V}.mail-note.${domain}.${shard}.came.${namespace}.${to}.${origin}`,
  /** That a message has a payload: for as long as it may be handled, or sent again. */
  mailPayload: (domain: string, payload: string, mail: MailName) =>
    `${V}.mail-payload.${domain}.${payload}.${mailIdentity(mail)}`,
  mailPayloadsOf: (domain: string, payload: string) => `${V}.mail-payload.${domain}.${payload}.>`,
  allMailPayloads: (domain: string) => `${V}.mail-payload.${domain}.>`,
  allMailNotes: (domain: string) => `${V}.mail-note.${domain}.>`,
  /** Mailboxes that have been read. */
  mailboxName: ({ domain, shard }: MailShard, namespace: string, name: string) =>
    `${V}.mailbox-name.${domain}.${shard}.${namespace}.${name}`,
  mailboxNames: ({ domain, shard }: MailShard) => `${V}.mailbox-name.${domain}.${shard}.>`,
  allMailboxNames: (domain: string) => `${V}.mailbox-name.${domain}.>`,
  /** What became of messages that a communicator has handed over. */
  messageStatus: (domain: string, id: string) => `${V}.message-status.${domain}.${id}`,
  allMessageStatuses: (domain: string) => `${V}.message-status.${domain}.>`,
  /** Replicas of the communicator tell each other that they live, and which mailbox shards they have. */
  communicatorAlive: (domain: string) => `${V}.communicator.${domain}.alive`,
  /** Of every domain that is reached. */
  communicatorsAlive: () => `${V}.communicator.*.alive`,
  /** State of a conversation that a handler keeps, with the messages that are in it. */
  conversation: (domain: string, namespace: string, swarm: string, conversation: string) =>
    `${V}.conversation.${domain}.${namespace}.${swarm}.${conversation}`,
  allConversations: (domain: string) => `${V}.conversation.${domain}.>`,

  /** Whoever publishes → whoever listens, and the stream of topics. The words of a topic are tokens. */
  topic: (qos: string, domain: string, namespace: string, topic: string) =>
    `${V}.topic.${qos}.${domain}.${namespace}.${topic}`,
  /** Of either promise, from every domain. */
  topicsLike: (namespace: string, pattern: string) => `${V}.topic.*.*.${namespace}.${pattern}`,
  /** Subscriptions of mailboxes, → communicator (queue group): make, end, list. */
  topicSubscription: (verb: string) => `${V}.topic-subscription.${verb}`,
  /** Replicas of the communicator tell each other that they live, and which of them copies events to mailboxes. */
  topicKeeperAlive: (domain: string) => `${V}.topic-keeper.${domain}.alive`,
  storedTopics: (domain: string) => `${V}.topic.at-least-once.${domain}.>`,

  /**
   * Parts and descriptions of payloads, laid out as every NATS object store is (nats-architecture-and-design ADR-20), so that
   * `nats object` reads them.
   */
  payloadParts: (upload: string, bucket: string = buckets.payloads) => `$O.${bucket}.C.${upload}`,
  payloadDescription: (id: string, bucket: string = buckets.payloads) =>
    `$O.${bucket}.M.${base64Url(Buffer.from(id))}`,
  allPayloadParts: (bucket: string = buckets.payloads) => `$O.${bucket}.C.>`,
  allPayloadDescriptions: (bucket: string = buckets.payloads) => `$O.${bucket}.M.>`,

  /** What a running attempt says, from its swarm. */
  attemptStream: (taskId: string, attempt: number) => `${V}.stream.${taskId}.${attempt}`,
  taskStreams: (taskId: string) => `${V}.stream.${taskId}.*`,
  allStreams: () => `${V}.stream.*.*`,

  event: (shard: number) => `${V}.event.${shard}`,
  allEvents: () => `${V}.event.*`,
} as const;

/**
 * What each region answers for itself, where regions are leaf nodes with communicators of their own: a line between them must not let it
 * through, or the communicator of another region would answer from another store while that of the own one is away.
 */
export const REGIONAL_SUBJECTS: readonly string[] = [
  'message',
  'dead-message',
  'state',
  'lease',
  'offer',
  'proposal',
  'barrier',
  'directory',
  'directory-changes',
  'topic-subscription',
].map((family) => `${V}.${family}.>`);

/** Queue groups: one member of each group gets a request. */
export const groups = {
  orchestrator: 'orchestrator',
  loadBalancer: 'load-balancer',
  communicator: 'communicator',
} as const;

/** JetStream streams. */
export const streams = {
  events: 'EVENTS',
  attempts: 'ATTEMPTS',
  mailbox: 'MAILBOX',
  mailNotes: 'MAILBOX_NOTES',
  mailboxNames: 'MAILBOX_NAMES',
  messageStatuses: 'MESSAGE_STATUS',
  deadMail: 'DLQ',
  mailPayloads: 'MAIL_PAYLOADS',
  conversations: 'CONVERSATIONS',
  topics: 'TOPICS',
  payloads: streamOfBucket(buckets.payloads),
} as const;

/** Message headers. */
export const headers = {
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  messageId: 'Nats-Msg-Id',
  version: 'ms-version',
  namespace: 'ms-namespace',
} as const;
