import { LIMITS } from '@multiswarm/contracts';
import { code, table } from './table';

type LimitName = keyof typeof LIMITS;

/** What each limit is about, and what happens at it. */
export const LIMIT_TEXTS: Record<LimitName, readonly [what: string, then: string]> = {
  TASK_INPUT_BYTES: [
    'Serialized input of one task that travels with it',
    'It is stored as a payload, and goes by reference.',
  ],
  STEP_INPUT_BYTES: [
    'Serialized input of a step with the outputs of the steps before it',
    'The step fails with `input-too-large`; the steps behind it are skipped.',
  ],
  TASK_OUTPUT_BYTES: [
    'Serialized output of one task that travels with its report',
    'It is stored as a payload, and goes by reference.',
  ],
  PAYLOAD_BYTES: [
    'One payload: an input or output that goes by reference',
    'An input is refused with `payload-too-large`, an attempt fails with `output-too-large`, which is not retried.',
  ],
  STEP_PAYLOAD_BYTES: [
    'Payloads of one step and of the steps before it, together',
    'The step fails with `input-too-large`; the steps behind it are skipped.',
  ],
  PAYLOAD_CHUNK_BYTES: ['Parts in which a payload is stored', 'It has several.'],
  PAYLOAD_UPLOAD_MS: ['Time that storing one payload may take', 'Refused with `timeout`; nothing is stored.'],
  STREAM_ENTRY_BYTES: [
    'One entry of the stream of an attempt: a log line, a part of its output, a progress',
    'A text is cut, fields are left out; a part of the output is refused with `body-too-large`.',
  ],
  STREAM_MESSAGE_BYTES: ['Entries of a stream that travel together', 'The rest goes with the next message.'],
  STREAM_MESSAGES_PER_ATTEMPT: [
    'Messages with entries of one attempt that are kept',
    'The oldest go; readers are told of the gap.',
  ],
  STREAM_PAGE_BYTES: ['One answer to a reader of a stream', '`next` leads to the rest.'],
  STREAM_WATCHERS: [
    'Readers that wait in one orchestrator for what running attempts say',
    'A further one is refused with `too-many-watchers`.',
  ],
  PAYLOAD_SWEEP_ITEMS: ['Payloads that one sweep condemns', 'The others wait for the next one.'],
  HTTP_BODY_BYTES: ['Body of one HTTP request', 'Refused with `body-too-large`.'],
  HTTP_BATCH_BODY_BYTES: [
    'Body of a batch submission',
    'Refused with `body-too-large`; nothing of it is stored.',
  ],
  JSON_DEPTH: [
    'Nesting of a JSON body, and of any JSON value in a message over NATS',
    'Refused with `invalid-json` or `invalid-request`; an output fails its attempt with `attempt-failed`.',
  ],
  SOCKET_FRAMES: [
    'Frames of one WebSocket that are at work at the same time',
    'Nothing more is read of the connection until one is done.',
  ],
  SSE_BUFFER_BYTES: [
    'Bytes waiting for a slow reader of an event stream',
    'The stream is cut; the reader comes back with `Last-Event-ID`.',
  ],
  BATCH_TASKS: ['Tasks in one batch', 'The whole batch is refused with `invalid-request`.'],
  WORKFLOW_STEPS: ['Steps of one workflow', 'Refused with `invalid-workflow`.'],
  MAP_ITEMS: ['Items of the list that one step is mapped over', 'The step fails with `map-too-large`.'],
  RUN_STEPS: [
    'Steps of one run in all: submitted ones, items of maps, compensations, added ones',
    'A map fails with `run-too-large`; a request that adds steps is refused with it.',
  ],
  WORKFLOW_DEPTH: ['Workflows inside workflows', 'Refused with `invalid-workflow`.'],
  DEFINITIONS: [
    'Names of definitions that a deployment remembers, those of deleted ones too',
    'A further one is refused with `invalid-request`: use a name again.',
  ],
  DEFINITION_VERSIONS: [
    'Versions of one definition',
    'A further one is refused with `invalid-request`: put it under another name, or delete the definition.',
  ],
  DEFINITION_BYTES: ['Serialized body of one version of a definition', 'Refused with `body-too-large`.'],
  RESOLVED_BYTES: ['A workflow with the definitions that it refers to', 'Refused with `invalid-workflow`.'],
  SCHEDULES: ['Schedules of a deployment', 'A further one is refused with `invalid-request`: delete one.'],
  SCHEDULE_NAME_CHARS: ['Characters of the name of a schedule', 'Refused with `invalid-request`.'],
  SCHEDULE_BYTES: [
    'Serialized schedule, with the workflow that it starts',
    'Refused with `body-too-large`: make the workflow a definition.',
  ],
  CRON_CHARS: ['Characters of the times of a schedule', 'Refused with `invalid-request`.'],
  SCHEDULE_JITTER_MS: [
    'How much later than its time a run of a schedule may be told to start',
    'Refused with `invalid-request`.',
  ],
  SCHEDULE_CATCH_UP_MS: [
    'For how long a schedule may be told to make up for a time',
    'Refused with `invalid-request`.',
  ],
  SCHEDULE_LEAST_CATCH_UP_MS: [
    'The least of it: a scheduler that changes hands must not miss a time',
    'Refused with `invalid-request`.',
  ],
  SCHEDULE_BUFFER: [
    'Times of one schedule that wait for the end of an earlier run',
    'A further time starts no run; a further trigger is refused with `invalid-request`.',
  ],
  SCHEDULE_BACKFILL_TIMES: [
    'Times in the range of one backfill',
    'Refused with `invalid-request`: take a shorter range.',
  ],
  SCHEDULE_BACKFILLS: [
    'Backfills of one schedule that are not done',
    'A further one is refused with `invalid-request`.',
  ],
  SCHEDULE_RUNNING: [
    'Runs of one schedule that it keeps in mind until they have ended',
    'The oldest ones are forgotten; they go on.',
  ],
  SCHEDULE_RECENT: ['Times of one schedule that it remembers with what came of them', 'The oldest ones go.'],
  SCHEDULE_NEXT_TIMES: ['Next times of a schedule that one answer lists', 'Refused with `invalid-request`.'],
  INPUT_SCHEMA_BYTES: ['JSON Schema of the input of a run', 'Refused with `invalid-workflow`.'],
  INPUT_CHECK_MS: [
    'Time in which the input of a run is held against its schema',
    'Refused with `invalid-workflow`: make the patterns of the schema simpler.',
  ],
  EXPRESSION_CHARS: ['Characters of a condition or a path', 'Refused with `invalid-workflow`.'],
  EXPRESSION_NODES: ['Nodes of the syntax tree of a condition', 'Refused with `invalid-workflow`.'],
  EXPRESSION_COST: [
    'Steps of one evaluation of a condition or a path: nodes, elements of lists, each 32 characters of text',
    'The step fails with `expression-failed`.',
  ],
  EXPRESSIONS_COMPILED: [
    'Conditions, and paths, that one process keeps compiled',
    'The oldest ones go, and are compiled again when they are needed.',
  ],
  RUN_INPUT_BYTES: ['Serialized input of a run', 'Refused with `input-too-large`.'],
  MAP_OUTPUT_BYTES: ['Serialized list of the outputs of a map', 'The step fails with `map-too-large`.'],
  RUN_SIGNALS: ['Signals that a run keeps for steps that do not wait for them yet', 'The oldest one goes.'],
  LEARNED_TYPES: [
    'Types of work (by namespace) whose durations one process of the orchestrator keeps in mind',
    'The one that was seen the longest ago is forgotten, and learned anew.',
  ],
  LEARNED_PAIRS: [
    'Types of work on classes of swarms of which the load-balancer keeps what it has learned',
    'An eighth goes at once: those that were heard of the longest ago. They are learned anew.',
  ],
  SWARM_CLASSES: [
    'Classes of swarms that one process of the load-balancer keeps apart',
    'Swarms of further classes are of the class `other`, together.',
  ],
  LEARNING_COMMANDS: [
    'Commands to the learning of the load-balancer that are kept with who gave them and why',
    'The oldest go.',
  ],
  ADDED_STEPS: ['Steps that one request adds to a run', 'Refused with `invalid-request`.'],
  FINDINGS: ['Findings that one refused request lists', 'The first ones are listed, the rest is left out.'],
  NAME_CHARS: ['Type, capability, id, namespace', 'Refused with `invalid-request`.'],
  LIST_ITEMS: [
    'Capabilities, regions, labels, attributes of one task or swarm',
    'Refused with `invalid-request`.',
  ],
  RESOURCE_KINDS: [
    'Types of GPUs, and custom counters, that one task or swarm names, each',
    'Refused with `invalid-request`.',
  ],
  RESOURCE_AMOUNT: ['Amount of one resource of one task or swarm', 'Refused with `invalid-request`.'],
  SWARM_WEIGHT: ['Weight of one swarm', 'The heartbeat is refused with `invalid-request`.'],
  PREFERENCES: ['Preferences of one task', 'Refused with `invalid-request`.'],
  PREFERENCE_WEIGHT: ['Weight of one preference', 'Refused with `invalid-request`.'],
  SPREAD_SKEW: ['`maxSkew` of tasks that spread', 'Refused with `invalid-request`.'],
  NAMESPACE_POLICIES: [
    'Task types for which one namespace sets a policy',
    'The settings are refused with `invalid-request`.',
  ],
  METADATA_ENTRIES: ["Entries of a task's metadata", 'Refused with `invalid-request`.'],
  METADATA_VALUE_CHARS: ['One value of the metadata', 'Refused with `invalid-request`.'],
  LIMIT_KEYS: ['Keys of limits that one task names', 'Refused with `invalid-request`.'],
  TASK_SIGNALS: [
    'Signals kept with one task',
    'The oldest go; the latest of the name that `waitFor` names stays.',
  ],
  SIGNAL_BYTES: ['Serialized payload of one signal', 'Refused with `body-too-large`.'],
  PROGRESS_MESSAGE_CHARS: ['Message of a progress report', 'The text is cut.'],
  PROGRESS_MS: [
    'Least time between two stored progress reports of one attempt',
    'Of what comes sooner the latest is sent when the time is over.',
  ],
  CANCEL_GRACE_MS: [
    'Time that a running attempt has to end after a cancel',
    'The attempt is given up, and the task ends as cancelled.',
  ],
  TIMEOUT_GRACE_MS: [
    'How much longer than `startToCloseMs` the swarm has to report the time-out itself',
    'The owner ends the attempt with `attempt-timeout`.',
  ],
  NAMESPACE_LIMITS: ['Limits by key in the settings of a namespace', 'Refused with `invalid-request`.'],
  NAMESPACE_WEIGHTS: [
    'Weights of fairness keys in the settings of a namespace',
    'Refused with `invalid-request`.',
  ],
  NAMESPACES: [
    'Namespaces that have settings',
    'Settings of a further one are refused with `invalid-request`.',
  ],
  DURATION_MS: [
    'Time that a task may be given, and how far ahead its `notBefore` and its `deadline` may lie (ten years)',
    'Refused with `invalid-request`.',
  ],
  RETRY_MAX_ATTEMPTS: ['Attempts that a retry policy may ask for', 'Refused with `invalid-request`.'],
  LOST_ATTEMPTS: ['Attempts of one task lost to dying swarms', 'The task fails with `attempt-lost`.'],
  LOSS_PAUSE_MS: ['Pause between attempts that are lost one after the other', 'It grows no more.'],
  ATTEMPT_HISTORY: [
    'Past attempts in the record of a task',
    'The oldest ones leave the record; their events stay.',
  ],
  WAIT_MS: ['Longest hold of `?waitMs=`', 'Refused with `invalid-request`.'],
  PAGE_ITEMS: [
    'Items of one page of a list',
    'Refused with `invalid-request`; `next` leads to the next page.',
  ],
  SEARCH_TEXT_CHARS: ['One `text` that metadata is searched for', 'Refused with `invalid-request`.'],
  SEARCH_METADATA_BYTES: [
    "One task's metadata that is searched: keys and values as UTF-8, two more for each entry",
    'By what is behind them the task is not found; it is kept and shown all the same.',
  ],
  SEARCH_GROUPS: [
    'Groups that counts of tasks list',
    'The smaller ones are summed up as `others`; `total` counts them.',
  ],
  SEARCH_GROUPS_BYTES: [
    'Serialized groups of one answer to a count of tasks',
    'The smaller ones are summed up as `others`; `total` counts them.',
  ],
  DEAD_LETTERS_AT_ONCE: [
    'Dead letters that one request redrives or purges',
    'Refused with `invalid-request`; of those that match a filter `next` leads to the rest.',
  ],
  DEAD_LETTERS_BY_DEFAULT: [
    'The same, where a request with a filter has no `limit`',
    '`next` leads to the rest.',
  ],
  DEAD_LETTERS_LOOKED_AT: [
    'Dead letters that one request looks at for its page and its counts',
    'The page ends early, with a cursor; the counts say `complete: false`.',
  ],
  DEAD_LETTER_GROUPS: [
    'Error codes, and types, that the counts of dead letters list',
    'The rarer ones are left out; `total` counts them.',
  ],
  MESSAGE_BYTES: [
    'Serialized data of one message between swarms, or event on a topic, that travels with it',
    'Of a message it is stored as a payload, and goes by reference; an event is refused with `body-too-large`.',
  ],
  CONVERSATION_CHARS: ['Characters of the name of a conversation', 'Refused with `invalid-request`.'],
  CONVERSATION_STATE_BYTES: [
    'Serialized state of a conversation (`onExactlyOnce`), with some 16 KiB that tell which messages are in it',
    'What would make it larger is a dead letter (`state-too-large`); the state stays as it was.',
  ],
  MAIL_WAITING_BYTES: [
    'Messages that one process has been given to store, and that wait for room in their mailbox, or until NATS takes them; each counts 512 more',
    'A further one is refused with `bus-unavailable`, or `mailbox-full` where it would wait for room.',
  ],
  MAIL_COPIES: [
    'Copies of stored broadcasts on their way at the same time, into each of the 16 parts of the mailboxes, at one communicator',
    'The others wait, in their order.',
  ],
  MAIL_COPIES_WAITING: [
    'Copies that wait for that, for each part',
    'A further one is refused with `mailbox-unavailable`, and named in the answer.',
  ],
  MAIL_ROOMS: [
    'Recipients of which a sender keeps the room that it was promised',
    'That of the recipients that were not written to for longest is given up; one that something waits for is kept.',
  ],
  MAIL_ROOM: [
    'Room in a mailbox that one request of a sender is promised',
    'It asks for more while it sends.',
  ],
  MAIL_WINDOW: [
    'Messages that one reader of a mailbox has at the same time',
    'The others wait in the mailbox.',
  ],
  MAIL_BYTES: [
    'A message in a mailbox, with its headers',
    'Refused by the server; larger data goes by reference.',
  ],
  MAIL_PACK: ['Messages that are handed to a reader together', 'More go in several packs.'],
  MAIL_PACK_BYTES: ['Bytes of these', 'More go in several packs; one that is larger goes alone.'],
  MAIL_SETTLED: ['Messages that one report of a reader settles', 'The rest goes with the next report.'],
  MAIL_FAULTS: ['Of these, those with an error', 'The rest goes with the next report.'],
  MAIL_DELAY_MS: ['Longest time for which a message is held back', 'Refused with `invalid-request`.'],
  MAIL_TAKEN: ['Messages that one request takes out of a mailbox', 'Refused with `invalid-request`.'],
  MAIL_WAIT_MS: ['Longest time that it waits for the first one', 'Refused with `invalid-request`.'],
  MAIL_TAKEN_BYTES: [
    'Bodies of messages that one request takes out of a mailbox, together',
    'The rest comes with the next request; one message always comes.',
  ],
  MAILBOX_STREAMS: [
    'Event streams and WebSockets of mailboxes at one communicator',
    'A further one is refused with `too-many-watchers`.',
  ],
  MAIL_CREDITS_BY_DEFAULT: [
    'Messages that one of them may have at the same time, where its reader does not say it',
    'The rest waits in the mailbox.',
  ],
  MAIL_PAYLOAD_MS: [
    'How long a payload is kept for a message that has not ended, from when that was sent or given up',
    'Whoever handles it then, or sends it again, finds `payload-not-found`.',
  ],
  COMMUNICATION_LINKS: [
    'Pairs of sender and recipient of which the communicators of a domain keep statistics',
    'Those that were idle for ten minutes make room; what does not fit is counted together, as `other`.',
  ],
  MESSAGE_TIMEOUT_MS: [
    'How long a handler may take for a message (`messageTimeoutMs` of its swarm)',
    'It has failed (`not-acknowledged`); its conversation goes on.',
  ],
  MAILBOX_MESSAGES: [
    'Unacknowledged messages of one mailbox (`MAILBOX_LIMIT`)',
    'Senders are refused with `mailbox-full`.',
  ],
  MAIL_ATTEMPTS: ['Failed tries of a message (`MAILBOX_MAX_ATTEMPTS`)', 'It becomes a dead letter.'],
  MAILBOXES_IN_VIEW: [
    'Mailboxes that one communicator keeps in view',
    'Readers and senders of further ones are refused with `mailbox-full`; those that nobody uses are forgotten.',
  ],
  MAIL_FORWARDED: ['Messages of one mailbox that travel together to another domain', 'The rest goes next.'],
  MAIL_FORWARD_BYTES: [
    'All that one such request carries, roughly, and the payloads that are fetched for it',
    'The rest goes next.',
  ],
  MAIL_PAYLOADS_FETCHED: [
    'Payloads of messages that one communicator fetches from other domains at once',
    'Others are fetched later; their messages wait where they are.',
  ],
  MAIL_FORWARDED_KNOWN: [
    'Ids that a domain remembers, for each mailbox, of what came from another one',
    'An older one that comes again is known for two minutes only, by the stream.',
  ],
  MAIL_HOMES: [
    'Mailboxes of which it is remembered in which domain they are read',
    'Mail for others waits in the domain of its sender, until somebody reads it there.',
  ],
  DOMAINS_IN_VIEW: [
    'JetStream domains that one communicator keeps in view',
    'Further ones are taken to be silent.',
  ],
  MAILBOX_SESSIONS: ['Readers of one mailbox', 'Refused with `mailbox-full`.'],
  ERROR_MESSAGE_CHARS: ['Error message or log tail kept with a task', 'The text is cut.'],
  BUS_MESSAGE_BYTES: [
    'Body of one message between services',
    'Batches are split; what cannot be split is refused.',
  ],
  CHECK_FINDINGS: [
    'Findings that the report of one deep check lists',
    'All are counted, and repaired where that was asked for; the first ones are listed.',
  ],
  CHECK_WAIT_MS: [
    'Longest time that one request waits for the end of a deep check',
    'Refused with `invalid-request`; whoever wants to wait longer asks again.',
  ],
  LEASE_BUCKET_BYTES: [
    'Leases in one bucket of NATS KV',
    'A key that is new gets no lease; those that are there are renewed.',
  ],
  IMPORT_LINES: ['Lines in one part of a shard that is imported', 'Refused with `invalid-request`.'],
  EXPORT_TOUCHED: [
    'Tasks and workflows that may change while their shard is exported, and wait to be read again',
    'The export is given up with `copy-refused`: begin a new one, and ask for its parts without pauses.',
  ],
  CHECK_TOUCHED: [
    'Tasks that may change while their shard is recounted',
    'The counts of that shard are not compared, and the report says so.',
  ],
  SWARMS_IN_VIEW: [
    'Swarms that one process keeps in view',
    'Further ones are left out of lists and get no work; those that are down make room.',
  ],
  PACE_TYPES: [
    'Types of work of which a load-balancer remembers how long they usually take',
    'What it heard of longest ago is forgotten: the type is learned anew.',
  ],
  REGIONS_IN_VIEW: [
    'Regions that one process keeps in view, or of which it remembers the last coordinator',
    'The regions that have been silent longest make room; swarms of a further one are left out of lists.',
  ],
  SIMULATED_POLICIES: ['Policies that one request may have tried', 'Refused with `invalid-request`.'],
  RECEIPT_REASONS: ['Further reasons that one receipt gives', 'The first ones are given.'],
  ENDS_KEPT: [
    'Ends of attempts and routed requests that a load-balancer keeps for `GET /v1/routing/metrics`',
    'The oldest go, and its window becomes shorter.',
  ],
  REPLAY_ROWS: [
    'Swarms of one decision that are kept, so that it can be replayed against another policy',
    'Those that were ranked are kept, and some of the others: `kept` and `open` of a difference say how many.',
  ],
  SEEN_PER_SECOND: [
    'Decisions of a second that are kept to be replayed',
    'Later ones of that second are not kept; they are listed as ever.',
  ],
  CUSTOM_POLICY_CANDIDATES: [
    "Swarms that a user's own routing policy is shown for one class of requirements",
    'It is shown the least loaded ones.',
  ],
  CUSTOM_POLICY_CLASSES: [
    "Classes of requirements of one batch that a user's own routing policy is shown",
    'Items of further classes are placed by `hybrid`; their receipts say why.',
  ],
  CUSTOM_POLICY_WAITING: [
    "Batches that wait for a user's own routing policy to answer an earlier one",
    'A further one is placed by `hybrid`; its receipts say why.',
  ],
  CUSTOM_POLICY_MEMORY_BYTES: [
    "Memory of the thread of a user's own routing policy: its heap",
    'The thread is ended; that is a strike.',
  ],
  CUSTOM_POLICY_LOAD_MS: [
    "Time for the file of a user's own routing policy to be loaded",
    'The policy is off; what asks for it is placed by `hybrid`.',
  ],
  CUSTOM_POLICY_STRIKES: [
    "How often, close together, the thread of a user's own routing policy may have to be ended",
    'The policy is off until the service starts again.',
  ],
  CUSTOM_POLICY_STRIKES_MS: ['How long such a strike counts', 'Later ones begin at one.'],
  ENDPOINTS: ['External endpoints that are registered', 'Further ones are refused with `invalid-request`.'],
  ENDPOINT_BYTES: ['Serialized registration of an external endpoint', 'It is refused with `body-too-large`.'],
  ENDPOINT_ADDRESS_CHARS: ['Characters of the address of an external endpoint', '`invalid-request`'],
  ENDPOINT_LEAST_TTL_MS: ['Shortest time for which a registration may hold', '`invalid-request`'],
  HEALTH_FORCED: [
    'Swarms for which operators have forced a state of health',
    'Further ones are refused with `invalid-request`; a reset makes room.',
  ],
  MAINTENANCE_WINDOWS: ['Maintenance windows', 'Further ones are refused with `invalid-request`.'],
  HEALTH_AUDIT: ['What operators have done to the health of swarms, kept in Redis', 'The oldest goes first.'],
  UNWELL_SWARMS: [
    'Swarms that one load-balancer tells orchestrators to leave out where they hand slots on',
    'Of further ones slots are handed on as if they were well; they get nothing by placement.',
  ],
  STATE_VALUE_BYTES: ['Serialized value of one key of shared state', 'Refused with `body-too-large`.'],
  STATE_NAME_CHARS: ['Characters of the name of a bucket of shared state', 'Refused with `invalid-request`.'],
  STATE_KEY_CHARS: ['Characters of a key of shared state', 'Refused with `invalid-request`.'],
  STATE_KEYS: [
    'Keys of one bucket, deleted ones too while their deletion is kept',
    'Old deletions go; where that makes no room, a new key is refused with `state-full`.',
  ],
  STATE_BUCKET_BYTES: ['All that is kept of one bucket', 'Writes are refused with `state-full`.'],
  STATE_BUCKETS: ['Buckets of one namespace', 'A further one is refused with `state-full`.'],
  STATE_HISTORY: [
    'Revisions of one key that a bucket may be told to keep',
    'Refused with `invalid-request`.',
  ],
  STATE_HISTORY_BY_DEFAULT: ['The same, where nobody has said it', 'The oldest revision goes.'],
  STATE_LEAST_TTL_MS: [
    'Shortest time after which keys that nobody writes may go',
    'Refused with `invalid-request`.',
  ],
  STATE_DELETIONS_MS: [
    'How long deletions are kept in a full bucket',
    'Older ones go, and watchers that come back later do not see them.',
  ],
  TOPIC_CHARS: ['Characters of a topic, or of a pattern of topics', 'Refused with `invalid-request`.'],
  TOPIC_CATCHING_UP: ['Subscriptions that get earlier events at the same time', 'Others wait their turn.'],
  TOPIC_CATCH_UP_EVENTS: [
    'Earlier events that a subscription gets before others have their turn',
    'It goes on when they have had theirs.',
  ],
  TOPIC_SUBSCRIPTIONS: [
    'Subscriptions of mailboxes to topics, in one JetStream domain',
    'A further one is refused with `state-full`.',
  ],
  TOPIC_WATCHERS: [
    'Readers of topics over HTTP at one communicator',
    'A further one is refused with `too-many-watchers`.',
  ],
  TOPIC_REPLAYS: [
    'Subscriptions with replay that one swarm has at a time',
    'A further one is refused with `too-many-watchers`.',
  ],
  TOPIC_WAITING: [
    'Events that one live subscription of a swarm holds until its handler has taken them',
    'Further ones are dropped, counted and logged: replay them.',
  ],
  STATE_WATCHERS: [
    'Readers that watch shared state over HTTP at one communicator',
    'A further one is refused with `too-many-watchers`.',
  ],
  STATE_UPDATE_TRIES: [
    'How often an update is tried where others write the same key',
    'It is given up with `too-much-contention`.',
  ],
  SHARED_RECORDS: [
    'Offers of one namespace that have not ended',
    'A further one is refused with `state-full`.',
  ],
  RECORD_CHANGES_WAITING: [
    'Changes of one offer or agreement that wait at one communicator for those before them',
    'A further one is refused with `too-much-contention`.',
  ],
  ADVERTISEMENTS: [
    'Advertisements of one namespace in the directory of capabilities',
    'A further one is refused with `state-full`.',
  ],
  ADVERTISEMENT_BYTES: [
    'Serialized entry of the directory',
    'A larger advertisement is refused with `body-too-large`; of heartbeats attributes that are larger are left out.',
  ],
  ADVERTISEMENT_MOST_MS: [
    'Longest time that an advertisement is there without being renewed',
    'Refused with `invalid-request`.',
  ],
  ADVERTISEMENT_BY_DEFAULT_MS: ['The same, where nobody has said it', 'It is gone.'],
  DIRECTORY_WATCHERS: [
    'Readers that wait at one communicator for changes of the directory; over HTTP, and over NATS',
    'A further one is refused with `too-many-watchers`.',
  ],
  DIRECTORY_WAIT_MS: ['Longest time that one request waits for them', 'It is answered without any.'],
  DIRECTORY_DEPARTED: [
    'Entries that are gone, of which one communicator still tells watchers',
    'Whoever has not asked since is told all that is there.',
  ],
  SHARED_PAGE_BYTES: [
    'Serialized entries of the directory, or proposals, of one answer',
    'The others come with the next page.',
  ],
  AGREEMENT_KEPT_MS: [
    'How long a lease, barrier or proposal is kept that nobody has changed',
    'It is forgotten.',
  ],
  PROPOSAL_MEMBERS: [
    'Members of one proposal, and parties of one barrier',
    'Refused with `invalid-request`.',
  ],
  PROPOSAL_CHOICES: ['Choices of one proposal', 'Refused with `invalid-request`.'],
  LEASE_LEAST_MS: ['Shortest time that a lease or a claim may hold', 'Refused with `invalid-request`.'],
  LEASE_MOST_MS: ['Longest time of it, without a renewal', 'Refused with `invalid-request`.'],
  LEASE_BY_DEFAULT_MS: ['The same, where nobody has said it', 'It is over unless it is renewed.'],
  OFFER_MOST_MS: ['Longest time for which resources may be offered', 'Refused with `invalid-request`.'],
  OFFER_BY_DEFAULT_MS: ['The same, where nobody has said it', 'The offer has ended.'],
  HEALTH_EVENTS: ['Events of health that one load-balancer keeps to be read', 'The oldest goes first.'],
  SWARM_SLOTS: ['Slots of one swarm', 'The heartbeat is refused with `invalid-request`.'],
};

function unit(name: LimitName): string {
  if (name.endsWith('_BYTES')) return 'bytes';
  if (name.endsWith('_MS')) return 'ms';
  if (name.endsWith('_CHARS')) return 'characters';
  return name === 'JSON_DEPTH' ? 'levels' : 'count';
}

export function limitsPage(): string {
  const names = Object.keys(LIMITS) as LimitName[];
  const rows = names.map((name) => [code(name), String(LIMITS[name]), unit(name), ...LIMIT_TEXTS[name]]);
  return `# Limits

Every queue, buffer, text and retry has a limit, and every limit has a name. Limits of a deployment that can be changed
are settings: see [configuration](configuration.md).

${table(['Limit', 'Value', 'Unit', 'Of what', 'What happens at it'], rows)}
`;
}
