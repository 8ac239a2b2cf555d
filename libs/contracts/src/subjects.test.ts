import fc from 'fast-check';
import { taskId, workflowId } from './ids';
import { keys } from './keys';
import { LIMITS } from './limits';
import { Namespace, Region, SwarmId, Token } from './names';
import { Priority } from './task';
import { QOS } from './message';
import { subjects } from './subjects';

const UNIQUE = ['0198c2d3e4f5', '0198c2d3e4f6'];
/** Few and similar ones, and those that look like parts of our own subjects: that is where collisions would be. */
const token = fc.constantFrom('a', 'b', 'a-b', 'command', 'report', 'tasks', 'lease', 'send', '1', '1-2');
const shard = fc.constantFrom(0, 1, 11, 12);
const topic = fc.array(token, { minLength: 1, maxLength: 3 }).map((words) => words.join('.'));
const any = fc.constant<unknown[]>([]);

type Arguments = Record<string, fc.Arbitrary<unknown[]>>;

const mailShard = fc.record({ domain: token, shard });

const subjectArguments = {
  task: token.map((verb) => [verb]),
  workflow: token.map((verb) => [verb]),
  deadLetter: token.map((verb) => [verb]),
  deadMessage: token.map((verb) => [verb]),
  fleet: token.map((verb) => [verb]),
  shards: token.map((verb) => [verb]),
  attemptStream: fc.tuple(token, shard),
  taskStreams: fc.tuple(token),
  allStreams: any,
  payload: token.map((verb) => [verb]),
  payloadParts: fc.tuple(token),
  payloadDescription: fc.tuple(token),
  allPayloadParts: any,
  allPayloadDescriptions: any,
  status: any,
  shardCommand: fc.tuple(shard),
  shardSearch: fc.tuple(shard),
  shardReport: fc.tuple(shard),
  shardGrant: fc.tuple(shard),
  replicaReport: fc.tuple(token),
  replicaAlive: any,
  schedulerChanges: any,
  schedulerActive: any,
  schedulerExplain: any,
  schedulerStanding: any,
  schedulerCensus: any,
  namespace: token.map((verb) => [verb]),
  definition: token.map((verb) => [verb]),
  schedule: token.map((verb) => [verb]),
  scheduleChanged: any,
  namespaceChanged: any,
  lbPlace: any,
  lbRoute: any,
  lbSimulate: any,
  lbReplay: any,
  lbMetrics: any,
  lbReport: any,
  lbLearning: token.map((verb) => [verb]),
  lbLearningChanged: any,
  lbCapacity: any,
  lbExplain: any,
  lbCensus: any,
  lbRelease: any,
  lbReserved: any,
  lbRenew: token.map((replica) => [replica]),
  lbHealth: token.map((verb) => [verb]),
  lbHealthEvent: any,
  lbHealthChanged: any,
  lbUnwell: any,
  endpoint: token.map((verb) => [verb]),
  endpointChanged: any,
  regionDispatch: fc.tuple(token),
  regionControl: fc.tuple(token),
  regionSummary: fc.tuple(token),
  allRegionSummaries: any,
  swarmTasks: fc.tuple(token),
  swarmControl: fc.tuple(token),
  swarmHeartbeat: fc.tuple(token),
  swarmDismissed: fc.tuple(token),
  allHeartbeats: any,
  census: any,
  messageSend: fc.tuple(token, token),
  messageSends: any,
  messageGet: any,
  offer: token.map((verb) => [verb]),
  lease: token.map((verb) => [verb]),
  proposal: token.map((verb) => [verb]),
  directory: token.map((verb) => [verb]),
  directoryChanges: token.map((replica) => [replica]),
  barrier: token.map((verb) => [verb]),
  state: token.map((verb) => [verb]),
  messageSite: any,
  messageHere: fc.tuple(token),
  messageLocate: any,
  mail: fc.tuple(
    fc.constantFrom(...QOS),
    mailShard,
    fc.constantFrom(...Priority.options),
    token,
    token,
    token,
  ),
  storedMail: fc.tuple(token),
  storedMailOf: fc.tuple(mailShard, fc.constantFrom(...Priority.options)),
  mailbox: fc.tuple(mailShard, token),
  mailboxOwner: any,
  mailHome: fc.tuple(shard),
  mailDelivery: fc.tuple(token),
  deadMail: fc.tuple(token, token, token),
  allDeadMail: fc.tuple(token),
  mailNote: fc.tuple(mailShard, shard),
  mailNotes: fc.tuple(mailShard),
  mailCame: fc.tuple(mailShard, token, token, token),
  allMailNotes: fc.tuple(token),
  mailPayload: fc.tuple(
    token,
    fc.tuple(token, fc.constantFrom('0a', 'ff')).map((parts) => parts.join('.')),
    fc.record({ namespace: token, to: token, from: token, id: token }),
  ),
  mailPayloadsOf: fc.tuple(
    token,
    fc.tuple(token, fc.constantFrom('0a', 'ff')).map((parts) => parts.join('.')),
  ),
  allMailPayloads: fc.tuple(token),
  mailboxName: fc.tuple(mailShard, token, token),
  mailboxNames: fc.tuple(mailShard),
  allMailboxNames: fc.tuple(token),
  messageStatus: fc.tuple(token, token),
  allMessageStatuses: fc.tuple(token),
  communicatorAlive: fc.tuple(token),
  communicatorsAlive: any,
  conversation: fc.tuple(token, token, token, token),
  allConversations: fc.tuple(token),
  topic: fc.tuple(fc.constantFrom(...QOS), token, token, topic),
  topicsLike: fc.tuple(token, topic),
  topicSubscription: token.map((verb) => [verb]),
  topicKeeperAlive: fc.tuple(token),
  storedTopics: fc.tuple(fc.constantFrom('hub', 'eu')),
  mailFor: fc.tuple(token, token),
  event: fc.tuple(shard),
  allEvents: any,
} satisfies Record<keyof typeof subjects, fc.Arbitrary<unknown[]>>;

const id = fc.constantFrom(
  ...[0, 1, 11].flatMap((number) =>
    UNIQUE.flatMap((unique) => [taskId(number, unique), workflowId(number, unique)]),
  ),
);

const keyArguments = {
  meta: any,
  schedulerLease: any,
  cordonedRegions: any,
  regionLease: fc.tuple(token),
  cordons: fc.tuple(token),
  namespaces: any,
  learned: any,
  learningControl: any,
  learningCommands: any,
  endpoints: any,
  endpointRevisions: any,
  healthForced: any,
  healthWindows: any,
  healthRevision: any,
  healthAudit: any,
  definitions: any,
  definitionVersions: any,
  definition: fc.tuple(token, token),
  schedules: any,
  schedulesDue: any,
  scheduleRevisions: any,
  schedule: fc.tuple(token, token),
  shard: fc.tuple(shard),
  specs: fc.tuple(shard),
  states: fc.tuple(shard),
  workflow: fc.tuple(shard, id),
  tasks: fc.tuple(shard),
  workflows: fc.tuple(shard),
  activeTasks: fc.tuple(shard),
  waitingTasks: fc.tuple(shard),
  activeWorkflows: fc.tuple(shard),
  ended: fc.tuple(shard),
  deadLetters: fc.tuple(shard),
  deadLetterFacts: fc.tuple(shard),
  payloadRefs: fc.tuple(shard),
  counts: fc.tuple(shard),
  handover: fc.tuple(shard, id),
  history: fc.tuple(shard, id),
  outbox: fc.tuple(shard),
} satisfies Record<keyof typeof keys, fc.Arbitrary<unknown[]>>;

/** A call of any builder of the table, with what it built. */
function calls(builders: object, table: Arguments): fc.Arbitrary<{ call: string; built: string }> {
  return fc.oneof(
    ...Object.entries(table).map(([name, given]) =>
      given.map((args) => {
        const build = (builders as Record<string, (...args: unknown[]) => string>)[name]!;
        return { call: JSON.stringify([name, ...args]), built: build(...args) };
      }),
    ),
  );
}

test.each([
  ['subject', calls(subjects, subjectArguments)],
  ['key', calls(keys, keyArguments)],
])('no two calls build the same %s', (_name, call) => {
  fc.assert(
    fc.property(fc.array(call, { minLength: 20, maxLength: 60 }), (made) => {
      const callOf = new Map<string, string>();
      for (const { call: own, built } of made) {
        expect(callOf.get(built) ?? own).toBe(own);
        callOf.set(built, own);
      }
    }),
  );
});

/** The rule of NATS for tokens and `*`. */
function matches(subscription: string, subject: string): boolean {
  const [wanted, given] = [subscription.split('.'), subject.split('.')];
  return (
    wanted.length === given.length && wanted.every((part, index) => part === '*' || part === given[index])
  );
}

test('a wildcard hears all of its kind and nothing else', () => {
  const wildcards = {
    allHeartbeats: 'swarmHeartbeat',
    allRegionSummaries: 'regionSummary',
    allEvents: 'event',
  } as const;
  fc.assert(
    fc.property(calls(subjects, subjectArguments), ({ call, built }) => {
      const [name] = JSON.parse(call) as [string];
      for (const [all, one] of Object.entries(wildcards)) {
        if (name === all || built.includes('*')) continue;
        expect(matches(subjects[all as keyof typeof wildcards](), built)).toBe(name === one);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a mailbox hears what is addressed to its swarm in its namespace, and nothing else', () => {
  fc.assert(
    fc.property(subjectArguments.mail, token, token, (mail, namespace, to) => {
      const heard = matches(subjects.mailFor(namespace, to), subjects.mail(...mail));
      expect(heard).toBe(mail[0] === 'at-most-once' && mail[3] === namespace && mail[4] === to);
    }),
    { numRuns: 1_000 },
  );
});

test('what the schemas let through is one token of a subject, and cannot leave the hash tag of a key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
      for (const schema of [Token, Region, SwarmId, Namespace]) {
        if (!schema.safeParse(text).success) continue;
        expect(subjects.swarmTasks(text).split('.')).toHaveLength(5);
        expect(subjects.swarmTasks(text)).toMatch(/^[\x21-\x7e]+$/);
        expect(keys.regionLease(text).match(/\{([^}]*)\}/)?.[1]).toBe(`r:${text}`);
      }
    }),
    { numRuns: 1_000 },
  );
  const longest = 'a'.repeat(LIMITS.NAME_CHARS);
  expect(SwarmId.safeParse(longest).success).toBe(true);
});

test('all keys of a shard are in one slot of a cluster', () => {
  fc.assert(
    fc.property(calls(keys, keyArguments), ({ call, built }) => {
      const [, first] = JSON.parse(call) as [string, unknown];
      if (typeof first === 'number') expect(built.startsWith(`ms:{s${first}}:`)).toBe(true);
    }),
  );
});
