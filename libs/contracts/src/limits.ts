/**
 * Every limit of the system has a name, a default and a line in `docs/limits.md` (a test holds the two together).
 * Sizes are bytes, times are milliseconds, the rest are counts.
 */
export const LIMITS = {
  /** Serialized input of one task that travels with it; a larger one is a payload, and goes by reference. */
  TASK_INPUT_BYTES: 256 * 1024,
  /** Serialized input of a step together with the outputs of the steps that it depends on: one dispatch must fit a NATS message. */
  STEP_INPUT_BYTES: 768 * 1024,
  /** Serialized output of one task that travels with its report; a larger one is a payload, and goes by reference. */
  TASK_OUTPUT_BYTES: 256 * 1024,
  /** One payload: an input or output that goes by reference. */
  PAYLOAD_BYTES: 64 * 1024 * 1024,
  /** All payloads together that one step is sent: its own input, and outputs of the steps before it. */
  STEP_PAYLOAD_BYTES: 256 * 1024 * 1024,
  /** Parts in which a payload is stored, and travels. */
  PAYLOAD_CHUNK_BYTES: 128 * 1024,
  /** Longest time that storing one payload may take. */
  PAYLOAD_UPLOAD_MS: 10 * 60_000,
  /** One entry of the stream of an attempt: a log line, a part of its output, a progress. */
  STREAM_ENTRY_BYTES: 16 * 1024,
  /** Entries that travel together. */
  STREAM_MESSAGE_BYTES: 32 * 1024,
  /** Messages of one attempt that are kept: the last ones. */
  STREAM_MESSAGES_PER_ATTEMPT: 1_024,
  /** One answer to a reader of a stream. */
  STREAM_PAGE_BYTES: 512 * 1024,
  /** Readers that wait in one process for what running attempts say. */
  STREAM_WATCHERS: 2_000,
  /** Payloads that one sweep condemns; the others wait for the next one. */
  PAYLOAD_SWEEP_ITEMS: 10_000,
  /** Body of a single submission over HTTP. */
  HTTP_BODY_BYTES: 4 * 1024 * 1024,
  /** Body of a batch submission over HTTP. */
  HTTP_BATCH_BODY_BYTES: 32 * 1024 * 1024,
  /** Levels of arrays and objects in a JSON body, and in a value of a message that may be any JSON. */
  JSON_DEPTH: 100,
  /** Frames of one WebSocket that are at work at the same time. */
  SOCKET_FRAMES: 64,
  /** Bytes that an event stream over HTTP holds for a slow reader before it ends the stream. */
  SSE_BUFFER_BYTES: 1024 * 1024,
  /** Tasks in one batch. */
  BATCH_TASKS: 10_000,
  /** Steps in one workflow. */
  WORKFLOW_STEPS: 10_000,
  /** Items of the list that one step is mapped over. */
  MAP_ITEMS: 10_000,
  /** Steps that one run may have in all: those submitted, items of maps, compensations, and those added while it runs. */
  RUN_STEPS: 50_000,
  /** Workflows inside workflows: how deep a step may start runs that start runs. */
  WORKFLOW_DEPTH: 8,
  /** Names of definitions that a deployment remembers, those of deleted ones too: their versions are not used again. */
  DEFINITIONS: 100_000,
  /** Versions of one definition. */
  DEFINITION_VERSIONS: 1_000,
  /** Serialized body of one version of a definition: it must fit a NATS message. */
  DEFINITION_BYTES: 768 * 1024,
  /** Serialized workflow with the definitions that it refers to. */
  RESOLVED_BYTES: 4 * 1024 * 1024,
  /** Schedules of a deployment. */
  SCHEDULES: 10_000,
  /** Characters of the name of a schedule: a time behind it makes the idempotency key of a run. */
  SCHEDULE_NAME_CHARS: 80,
  /** Serialized schedule, with the workflow that it starts: it must fit a NATS message. */
  SCHEDULE_BYTES: 512 * 1024,
  /** Characters of the times of a schedule. */
  CRON_CHARS: 256,
  /** How much later than its time a run of a schedule may be told to start. */
  SCHEDULE_JITTER_MS: 24 * 3_600_000,
  /** For how long a schedule may be told to make up for a time. */
  SCHEDULE_CATCH_UP_MS: 30 * 24 * 3_600_000,
  /** The least that it may be told: a scheduler that changes hands must not miss a time. */
  SCHEDULE_LEAST_CATCH_UP_MS: 60_000,
  /** Times of one schedule that wait for the end of an earlier run; and triggers that nobody has looked at. */
  SCHEDULE_BUFFER: 1_000,
  /** Times in the range of one backfill. */
  SCHEDULE_BACKFILL_TIMES: 1_000,
  /** Backfills of one schedule that are not done. */
  SCHEDULE_BACKFILLS: 16,
  /** Runs of one schedule that it keeps in mind until they have ended. */
  SCHEDULE_RUNNING: 100,
  /** Times of one schedule that it remembers with what came of them. */
  SCHEDULE_RECENT: 50,
  /** Next times of a schedule that one answer lists. */
  SCHEDULE_NEXT_TIMES: 100,
  /** Serialized JSON Schema of the input of a run. */
  INPUT_SCHEMA_BYTES: 64 * 1024,
  /** Longest time that an input is held against its schema. */
  INPUT_CHECK_MS: 500,
  /** Characters of a condition or a path. */
  EXPRESSION_CHARS: 2_048,
  /** Nodes of the syntax tree of a condition. */
  EXPRESSION_NODES: 256,
  /** Steps of one evaluation of a condition or a path: nodes, elements of lists, each 32 characters of text that it looks at. */
  EXPRESSION_COST: 500_000,
  /** Conditions, and paths, that one process keeps compiled. */
  EXPRESSIONS_COMPILED: 1_000,
  /** Serialized input of a run. */
  RUN_INPUT_BYTES: 256 * 1024,
  /** Serialized list of the outputs of a map; larger ones are left to references, or to `collect: false`. */
  MAP_OUTPUT_BYTES: 512 * 1024,
  /** Signals that a run keeps for steps that do not wait for them yet. */
  RUN_SIGNALS: 64,
  /** Types of work (by namespace) whose durations one process of the orchestrator keeps in mind. */
  LEARNED_TYPES: 4_096,
  /** Types of work on classes of swarms of which the load-balancer keeps what it has learned. */
  LEARNED_PAIRS: 4_096,
  /** Classes of swarms that one process of the load-balancer keeps apart. */
  SWARM_CLASSES: 64,
  /** Commands to the learning of the load-balancer that are kept with who gave them and why. */
  LEARNING_COMMANDS: 100,
  /** Steps that one request adds to a run. */
  ADDED_STEPS: 1_000,
  /** Findings that one refused request lists. */
  FINDINGS: 100,
  /** Characters of a type, a capability, an id or a namespace. */
  NAME_CHARS: 128,
  /** Capabilities, regions, labels or attributes that one task or swarm may list. */
  LIST_ITEMS: 64,
  /** Types of GPUs, and custom counters, that one task or swarm may name, each. */
  RESOURCE_KINDS: 32,
  /** Amount of one resource (cores, MiB, GPUs, a counter): sums over all slots of a swarm stay exact below it. */
  RESOURCE_AMOUNT: 100_000_000,
  /** Weight of a swarm beside others, where the policy is `weighted`. */
  SWARM_WEIGHT: 1_000,
  /** Preferences of one task. */
  PREFERENCES: 16,
  /** Weight of one preference. */
  PREFERENCE_WEIGHT: 100,
  /** How uneven tasks may be told to spread. */
  SPREAD_SKEW: 1_000,
  /** Task types for which one namespace may set a policy. */
  NAMESPACE_POLICIES: 256,
  /** Entries and characters per value of a task's metadata. */
  METADATA_ENTRIES: 32,
  METADATA_VALUE_CHARS: 1024,
  /** Keys of limits that one task may name. */
  LIMIT_KEYS: 8,
  /** Signals that one task keeps for its agent. */
  TASK_SIGNALS: 16,
  /** Serialized payload of one signal. */
  SIGNAL_BYTES: 16 * 1024,
  /** Characters of the message of a progress report. */
  PROGRESS_MESSAGE_CHARS: 512,
  /** Least time between two progress reports of one attempt that are stored. */
  PROGRESS_MS: 1_000,
  /** After this long a cancelled attempt that has not ended is given up, and the task ends as cancelled. */
  CANCEL_GRACE_MS: 30_000,
  /** How much longer than startToCloseMs an owner waits for the swarm to report the time-out itself. */
  TIMEOUT_GRACE_MS: 10_000,
  /** Limits by key that one namespace may define. */
  NAMESPACE_LIMITS: 256,
  /** Weights of fairness keys that one namespace may define. */
  NAMESPACE_WEIGHTS: 1_024,
  /** Namespaces whose settings a deployment keeps. */
  NAMESPACES: 10_000,
  /** Longest time that a task may be given, and how far ahead its instants may lie: ten years. Whoever means never leaves it out. */
  DURATION_MS: 3_650 * 24 * 3_600_000,
  /** Attempts that a retry policy may ask for. */
  RETRY_MAX_ATTEMPTS: 100,
  /** Attempts of one task that may be lost to dying swarms before the task fails with `attempt-lost`. */
  LOST_ATTEMPTS: 5,
  /** Longest pause before the next attempt after losses in a row. */
  LOSS_PAUSE_MS: 30_000,
  /** Past attempts that a task record keeps. */
  ATTEMPT_HISTORY: 20,
  /** Longest hold of `?waitMs=`. */
  WAIT_MS: 60_000,
  /** Items of one page of a list. */
  PAGE_ITEMS: 500,
  /** Characters of one text that metadata is searched for. */
  SEARCH_TEXT_CHARS: 256,
  /** Bytes of one task's metadata that are searched: keys and values as UTF-8, two more for each entry. */
  SEARCH_METADATA_BYTES: 4_096,
  /** Groups that counts of tasks list. */
  SEARCH_GROUPS: 500,
  /** Serialized groups of one answer to a count: it must fit a NATS message. */
  SEARCH_GROUPS_BYTES: 512 * 1024,
  /** Dead letters that one request redrives or purges. */
  DEAD_LETTERS_AT_ONCE: 1_000,
  /** The same, where a request with a filter does not say how many. */
  DEAD_LETTERS_BY_DEFAULT: 100,
  /** Dead letters that one request looks at for its page and its counts. */
  DEAD_LETTERS_LOOKED_AT: 100_000,
  /** Error codes, and types, that the counts of dead letters list. */
  DEAD_LETTER_GROUPS: 50,
  /** Serialized data of one message between swarms. */
  MESSAGE_BYTES: 256 * 1024,
  /** Serialized value of one key of shared state. */
  STATE_VALUE_BYTES: 256 * 1024,
  /** Characters of the name of a bucket of shared state. */
  STATE_NAME_CHARS: 64,
  /** Characters of a key of shared state. */
  STATE_KEY_CHARS: 256,
  /** Keys of one bucket, deleted ones too while their deletion is kept. */
  STATE_KEYS: 10_000,
  /** All that is kept of one bucket. */
  STATE_BUCKET_BYTES: 256 * 1024 * 1024,
  /** Buckets of one namespace. */
  STATE_BUCKETS: 64,
  /** Revisions of one key that a bucket may be told to keep; as many as NATS allows. */
  STATE_HISTORY: 64,
  /** The same, where nobody has said it. */
  STATE_HISTORY_BY_DEFAULT: 8,
  /** Shortest time after which keys that nobody writes may go. */
  STATE_LEAST_TTL_MS: 1_000,
  /** How long deletions are kept where a bucket has no room for further keys. */
  STATE_DELETIONS_MS: 60 * 60_000,
  /** Characters of a topic, or of a pattern of topics. */
  TOPIC_CHARS: 200,
  /** Subscriptions that get earlier events at the same time. */
  TOPIC_CATCHING_UP: 8,
  /** Earlier events that one subscription gets before others have their turn. */
  TOPIC_CATCH_UP_EVENTS: 256,
  /** Subscriptions of mailboxes to topics, in one JetStream domain. */
  TOPIC_SUBSCRIPTIONS: 10_000,
  /** Readers of topics over HTTP at one communicator. */
  TOPIC_WATCHERS: 1_000,
  /** Subscriptions with replay that one swarm has at a time: each has a consumer in NATS. */
  TOPIC_REPLAYS: 32,
  /** Events that one subscription of a swarm holds until its handler has taken them. */
  TOPIC_WAITING: 1_024,
  /** Readers that watch shared state over HTTP at one communicator. */
  STATE_WATCHERS: 1_000,
  /** Offers of one namespace that have not ended. Agreements have no number of their own: their bucket has `STATE_BUCKET_BYTES`. */
  SHARED_RECORDS: 10_000,
  /** Changes of one offer or agreement that wait at one communicator for those before them. */
  RECORD_CHANGES_WAITING: 1_000,
  /** How long a lease, barrier or proposal is kept that nobody has changed. */
  AGREEMENT_KEPT_MS: 7 * 24 * 3_600_000,
  /** Members of one proposal, and parties of one barrier. */
  PROPOSAL_MEMBERS: 256,
  /** Choices of one proposal. */
  PROPOSAL_CHOICES: 16,
  /** Shortest time that a lease or a claim may hold. */
  LEASE_LEAST_MS: 1_000,
  /** Longest time of it, without a renewal. */
  LEASE_MOST_MS: 3_600_000,
  /** The same, where nobody has said it. */
  LEASE_BY_DEFAULT_MS: 30_000,
  /** Longest time for which resources may be offered. */
  OFFER_MOST_MS: 7 * 24 * 3_600_000,
  /** The same, where nobody has said it. */
  OFFER_BY_DEFAULT_MS: 3_600_000,
  /** How often an update of shared state is tried where others write the same key. */
  STATE_UPDATE_TRIES: 32,
  /** Advertisements of one namespace in the directory of capabilities. */
  ADVERTISEMENTS: 10_000,
  /** Serialized entry of the directory. */
  ADVERTISEMENT_BYTES: 16 * 1024,
  /** Longest time that an advertisement is there without being renewed. */
  ADVERTISEMENT_MOST_MS: 24 * 3_600_000,
  /** The same, where nobody has said it. */
  ADVERTISEMENT_BY_DEFAULT_MS: 5 * 60_000,
  /** Readers that wait at one communicator for changes of the directory. */
  DIRECTORY_WATCHERS: 1_000,
  /** Longest time that one request waits for them. */
  DIRECTORY_WAIT_MS: 30_000,
  /** Entries that are gone, of which one communicator still tells watchers. */
  DIRECTORY_DEPARTED: 10_000,
  /** Serialized entries of the directory, or proposals, of one answer: it must fit a NATS message. */
  SHARED_PAGE_BYTES: 512 * 1024,
  /** Characters of the name of a conversation. */
  CONVERSATION_CHARS: 128,
  /** Serialized state of one conversation, with what is known of the messages in it: one NATS message carries both, with its headers. */
  CONVERSATION_STATE_BYTES: 1008 * 1024,
  /** Messages that a process has been given to store, and that wait for room in their mailbox, or for NATS to take them; each counts 512 more. */
  MAIL_WAITING_BYTES: 64 * 1024 * 1024,
  /** Copies of stored broadcasts on their way at the same time, into each part of the mailboxes, at one communicator. */
  MAIL_COPIES: 4,
  /** Copies that wait for that, for each part. */
  MAIL_COPIES_WAITING: 20_000,
  /** Recipients of which a sender keeps the room that it was promised. */
  MAIL_ROOMS: 10_000,
  /** Room in a mailbox that one request of a sender is promised. */
  MAIL_ROOM: 1_000,
  /** Messages that one reader of a mailbox may have at the same time. */
  MAIL_WINDOW: 1_000,
  /** A message in a mailbox, with its headers: what is handed over, or becomes a dead letter, must fit a NATS message with what is added. */
  MAIL_BYTES: 512 * 1024,
  /** Messages that are handed to a reader together, and their bytes. */
  MAIL_PACK: 64,
  MAIL_PACK_BYTES: 128 * 1024,
  /** Messages that one report of a reader settles. */
  MAIL_SETTLED: 1_000,
  /** Of these, those with an error. */
  MAIL_FAULTS: 64,
  /** Longest time for which a message is held back, or for which a handler asks before the next try. */
  MAIL_DELAY_MS: 30 * 24 * 3_600_000,
  /** Messages that one request takes out of a mailbox. */
  MAIL_TAKEN: 100,
  /** Longest time that it waits for the first one. */
  MAIL_WAIT_MS: 30_000,
  /** Event streams and WebSockets of mailboxes at one communicator. */
  MAILBOX_STREAMS: 1_000,
  /** Messages that one of them may have at the same time, where nobody has said it. */
  MAIL_CREDITS_BY_DEFAULT: 16,
  /** Bodies of messages that one request takes out of a mailbox, together: the answer must fit a NATS message. */
  MAIL_TAKEN_BYTES: 640 * 1024,
  /** How long a payload is kept for a message that has not ended, from when that was sent or given up. */
  MAIL_PAYLOAD_MS: 30 * 24 * 3_600_000,
  /** Pairs of sender and recipient of which the communicators of a domain keep statistics; the rest is counted together. */
  COMMUNICATION_LINKS: 8_192,
  /** How long a handler may take for a message, where its swarm does not say it. */
  MESSAGE_TIMEOUT_MS: 600_000,
  /** Messages of one mailbox that are not acknowledged. */
  MAILBOX_MESSAGES: 10_000,
  /** Tries to hand a message over before it is a dead letter. */
  MAIL_ATTEMPTS: 5,
  /** Mailboxes that one replica of the communicator keeps in view. */
  MAILBOXES_IN_VIEW: 100_000,
  /** Messages of one mailbox that travel together to another JetStream domain. */
  MAIL_FORWARDED: 100,
  /** All that one such request carries, roughly: it must fit a NATS message. */
  MAIL_FORWARD_BYTES: 640 * 1024,
  /** Payloads of messages that one communicator fetches from other domains at once. */
  MAIL_PAYLOADS_FETCHED: 4,
  /** Messages that were forwarded to a mailbox last, by their ids: one that comes again is known however late it comes. */
  MAIL_FORWARDED_KNOWN: 128,
  /** Mailboxes of which a communicator remembers in which domain they are read. */
  MAIL_HOMES: 100_000,
  /** JetStream domains that a communicator keeps in view. */
  DOMAINS_IN_VIEW: 64,
  /** Readers of one mailbox. */
  MAILBOX_SESSIONS: 256,
  /** Characters of an error message or of a log tail that a task record keeps. */
  ERROR_MESSAGE_CHARS: 4096,
  /** Serialized body of one message between services; a NATS server carries 1 MiB by default. */
  BUS_MESSAGE_BYTES: 1024 * 1024,
  /** Swarms that one process keeps in view. */
  SWARMS_IN_VIEW: 100_000,
  /** Types of work of which a load-balancer remembers how long they usually take. */
  PACE_TYPES: 1_000,
  /** Regions that one process keeps in view, or of which it remembers who spoke for them last. */
  REGIONS_IN_VIEW: 1_000,
  /** Policies that one request may have tried. */
  SIMULATED_POLICIES: 64,
  /** Further reasons that one receipt gives. */
  RECEIPT_REASONS: 8,
  /** Ends of routed requests and attempts that a load-balancer keeps for its metrics. */
  ENDS_KEPT: 10_000,
  /** Swarms of one decision that are kept, so that it can be replayed against another policy. */
  REPLAY_ROWS: 64,
  /** Decisions of a second that are kept to be replayed: the first ones. */
  SEEN_PER_SECOND: 50,
  /** Swarms that a user's own routing policy is shown for one class of requirements. */
  CUSTOM_POLICY_CANDIDATES: 64,
  /** Classes of requirements of one batch that it is shown. */
  CUSTOM_POLICY_CLASSES: 32,
  /** Batches that wait for its answer to an earlier one. */
  CUSTOM_POLICY_WAITING: 64,
  /** Memory of its thread. */
  CUSTOM_POLICY_MEMORY_BYTES: 128 * 1024 * 1024,
  /** Time for its file to be loaded. */
  CUSTOM_POLICY_LOAD_MS: 5_000,
  /** How often its thread may have to be ended, close together, before it is turned off. */
  CUSTOM_POLICY_STRIKES: 3,
  /** Strikes that lie further apart than this have nothing to do with each other. */
  CUSTOM_POLICY_STRIKES_MS: 10 * 60_000,
  /** External endpoints that are registered. */
  ENDPOINTS: 10_000,
  /** Serialized registration of one external endpoint. */
  ENDPOINT_BYTES: 64 * 1024,
  /** Characters of the address of an external endpoint. */
  ENDPOINT_ADDRESS_CHARS: 2_048,
  /** Shortest time for which a registration may hold. */
  ENDPOINT_LEAST_TTL_MS: 1_000,
  /** Swarms for which operators have forced a state of health. */
  HEALTH_FORCED: 10_000,
  /** Maintenance windows. */
  MAINTENANCE_WINDOWS: 256,
  /** What operators have done to the health of swarms: entries that are kept. */
  HEALTH_AUDIT: 1_000,
  /** Swarms that one load-balancer tells orchestrators to leave out. */
  UNWELL_SWARMS: 1_000,
  /** Events of health that one load-balancer keeps to be read. */
  HEALTH_EVENTS: 1_000,
  /** Slots that one swarm may offer. */
  SWARM_SLOTS: 10_000,
  /** Findings that the report of one deep check lists. */
  CHECK_FINDINGS: 1_000,
  /** Longest time that one request waits for a deep check to end. */
  CHECK_WAIT_MS: 3_000,
  /** Leases in one bucket of NATS KV; one has some 200 bytes. */
  LEASE_BUCKET_BYTES: 4 * 1024 * 1024,
  /** Lines in one part of a shard that is imported. */
  IMPORT_LINES: 2_000,
  /** Tasks and workflows that may change while their shard is exported, and wait to be read again. */
  EXPORT_TOUCHED: 200_000,
  /** Tasks that may change while their shard is recounted. */
  CHECK_TOUCHED: 1_000_000,
} as const;
