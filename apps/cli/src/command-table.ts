/* eslint-disable @typescript-eslint/no-require-imports --
   a command's file, and what it needs, is loaded only when that command runs: start-up stays fast */
import type { CommandDefinition } from './command';

export interface CommandRow {
  /** Noun and verb, or a single word. */
  readonly path: readonly [string] | readonly [string, string];
  /** Positional arguments, in commander's notation. */
  readonly args?: string;
  readonly summary: string;
  readonly load: () => { command: CommandDefinition };
}

/** What each noun is, for `swarmctl --help`. */
export const NOUNS: Readonly<Record<string, string>> = {
  task: 'submit, read, cancel and control tasks',
  'dead-letter': 'what failed for good: read, redrive, purge',
  payload: 'inputs and outputs that go by reference',
  workflow: 'check, import, run, draw, read, control and repeat workflows',
  definition: 'workflows with a name, in versions',
  schedule: 'start workflows at times: create, read, pause, trigger, backfill',
  swarm: 'run, list, cordon and drain swarms; their health',
  maintenance: 'windows in which swarms get nothing new',
  fleet: 'run the swarms of a file',
  endpoint: 'register, list and remove what is no swarm, and gets routed requests',
  policy: 'the routing policies, who has chosen which, and what each would decide',
  decision: 'where requests went, and why',
  shard: 'list, export, import and recover shards',
  namespace: 'weights, limits and retention of tenants',
  state: 'what swarms share: read, write, watch',
  event: 'what happens, as it happens; archives of it',
};

/** Every command. A new one is one file and one row here. */
export const COMMANDS: readonly CommandRow[] = [
  {
    path: ['dev'],
    summary: 'start everything on this machine: NATS, Redis, the services and a fleet',
    load: () => require('./commands/dev') as { command: CommandDefinition },
  },
  {
    path: ['doctor'],
    summary: 'check this machine and what runs on it, or all data of the system (--deep)',
    load: () => require('./commands/doctor') as { command: CommandDefinition },
  },
  {
    path: ['status'],
    summary: 'the whole system at a glance',
    load: () => require('./commands/status') as { command: CommandDefinition },
  },
  {
    path: ['task', 'submit'],
    args: '<type>',
    summary: 'submit a task',
    load: () => require('./commands/task/submit') as { command: CommandDefinition },
  },
  {
    path: ['task', 'get'],
    args: '<id>',
    summary: 'one task: its history, where it ran and why, or why it waits',
    load: () => require('./commands/task/get') as { command: CommandDefinition },
  },
  {
    path: ['task', 'explain'],
    args: '<id>',
    summary: 'why a task is where it is, and what comes next',
    load: () => require('./commands/task/explain') as { command: CommandDefinition },
  },
  {
    path: ['task', 'history'],
    args: '<id>',
    summary: 'everything that happened to a task or workflow, live or archived',
    load: () => require('./commands/task/history') as { command: CommandDefinition },
  },
  {
    path: ['task', 'list'],
    summary: 'tasks by whatever is known of them, newest first',
    load: () => require('./commands/task/list') as { command: CommandDefinition },
  },
  {
    path: ['task', 'logs'],
    args: '<id>',
    summary: 'what the attempts of a task say',
    load: () => require('./commands/task/logs') as { command: CommandDefinition },
  },
  {
    path: ['task', 'watch'],
    args: '<id>',
    summary: 'follow a task to its end, with what its attempts say',
    load: () => require('./commands/task/watch') as { command: CommandDefinition },
  },
  {
    path: ['task', 'search'],
    args: '<words...>',
    summary: 'tasks with these words in their metadata',
    load: () => require('./commands/task/search') as { command: CommandDefinition },
  },
  {
    path: ['task', 'counts'],
    summary: 'how many tasks there are, by state or by what you like',
    load: () => require('./commands/task/counts') as { command: CommandDefinition },
  },
  {
    path: ['task', 'output'],
    args: '<id>',
    summary: 'the output of a task as JSON, however large',
    load: () => require('./commands/task/output') as { command: CommandDefinition },
  },
  {
    path: ['task', 'cancel'],
    args: '<id>',
    summary: 'cancel a task',
    load: () => require('./commands/task/cancel') as { command: CommandDefinition },
  },
  {
    path: ['task', 'pause'],
    args: '<id>',
    summary: 'hold a task back until it is resumed',
    load: () => require('./commands/task/pause') as { command: CommandDefinition },
  },
  {
    path: ['task', 'resume'],
    args: '<id>',
    summary: 'let a paused task go on',
    load: () => require('./commands/task/resume') as { command: CommandDefinition },
  },
  {
    path: ['task', 'signal'],
    args: '<id> <name>',
    summary: 'send a signal to a task',
    load: () => require('./commands/task/signal') as { command: CommandDefinition },
  },
  {
    path: ['task', 'retry'],
    args: '<id>',
    summary: 'try a task again',
    load: () => require('./commands/task/retry') as { command: CommandDefinition },
  },
  {
    path: ['task', 'rerun'],
    args: '<id>',
    summary: 'the same work once more, as a task of its own',
    load: () => require('./commands/task/rerun') as { command: CommandDefinition },
  },
  {
    path: ['dead-letter', 'list'],
    summary: 'tasks that failed for good or expired, newest first',
    load: () => require('./commands/dead-letter/list') as { command: CommandDefinition },
  },
  {
    path: ['dead-letter', 'show'],
    args: '<id>',
    summary: 'one dead letter: why nothing more was tried',
    load: () => require('./commands/dead-letter/show') as { command: CommandDefinition },
  },
  {
    path: ['dead-letter', 'redrive'],
    args: '[ids...]',
    summary: 'open dead letters again',
    load: () => require('./commands/dead-letter/redrive') as { command: CommandDefinition },
  },
  {
    path: ['dead-letter', 'purge'],
    args: '[ids...]',
    summary: 'take dead letters off the list',
    load: () => require('./commands/dead-letter/purge') as { command: CommandDefinition },
  },
  {
    path: ['payload', 'check'],
    summary: 'hold stored inputs and outputs against what tasks refer to',
    load: () => require('./commands/payload/check') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'run'],
    args: '[file]',
    summary: 'submit a workflow from a JSON or YAML file, or run a definition',
    load: () => require('./commands/workflow/run') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'validate'],
    args: '<file>',
    summary: 'list everything that is wrong with a workflow file',
    load: () => require('./commands/workflow/validate') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'import'],
    args: '<file>',
    summary: 'make a workflow of a file of Argo Workflows, WfCommons or WorfBench',
    load: () => require('./commands/workflow/import') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'get'],
    args: '<id>',
    summary: 'one workflow and its steps',
    load: () => require('./commands/workflow/get') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'graph'],
    args: '<id-or-file>',
    summary: 'draw a workflow: its steps, what waits for what, the critical path',
    load: () => require('./commands/workflow/graph') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'gantt'],
    args: '<id>',
    summary: 'the steps of a workflow over time, and when the rest is expected',
    load: () => require('./commands/workflow/gantt') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'list'],
    summary: 'workflows, newest first',
    load: () => require('./commands/workflow/list') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'cancel'],
    args: '<id>',
    summary: 'cancel a workflow and all its steps',
    load: () => require('./commands/workflow/cancel') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'pause'],
    args: '<id>',
    summary: 'start no further step until it is resumed',
    load: () => require('./commands/workflow/pause') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'resume'],
    args: '<id>',
    summary: 'let a paused workflow go on',
    load: () => require('./commands/workflow/resume') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'signal'],
    args: '<id> <name>',
    summary: 'send a signal to the steps that wait for it',
    load: () => require('./commands/workflow/signal') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'approve'],
    args: '<id> <step>',
    summary: 'say yes to a step that waits for an approval',
    load: () => require('./commands/workflow/approve') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'reject'],
    args: '<id> <step>',
    summary: 'say no to it',
    load: () => require('./commands/workflow/reject') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'add-steps'],
    args: '<id> <file>',
    summary: 'add steps to a workflow that runs',
    load: () => require('./commands/workflow/add-steps') as { command: CommandDefinition },
  },
  {
    path: ['workflow', 'rerun'],
    args: '<id>',
    summary: 'run it again: whole, from a step, what has failed, or from a point of its history',
    load: () => require('./commands/workflow/rerun') as { command: CommandDefinition },
  },
  {
    path: ['definition', 'put'],
    args: '<name> <file>',
    summary: 'add a version to a definition',
    load: () => require('./commands/definition/put') as { command: CommandDefinition },
  },
  {
    path: ['definition', 'get'],
    args: '<name>',
    summary: 'one definition, in its newest version',
    load: () => require('./commands/definition/get') as { command: CommandDefinition },
  },
  {
    path: ['definition', 'list'],
    summary: 'definitions by name',
    load: () => require('./commands/definition/list') as { command: CommandDefinition },
  },
  {
    path: ['definition', 'versions'],
    args: '<name>',
    summary: 'the versions of a definition',
    load: () => require('./commands/definition/versions') as { command: CommandDefinition },
  },
  {
    path: ['definition', 'delete'],
    args: '<name>',
    summary: 'delete a definition with all its versions',
    load: () => require('./commands/definition/delete') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'create'],
    args: '<name> [file]',
    summary: 'start a workflow at times',
    load: () => require('./commands/schedule/create') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'get'],
    args: '<name>',
    summary: 'one schedule, its next times and its last ones',
    load: () => require('./commands/schedule/get') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'list'],
    summary: 'schedules by name',
    load: () => require('./commands/schedule/list') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'update'],
    args: '<name> [file]',
    summary: 'change what a schedule starts, or when',
    load: () => require('./commands/schedule/update') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'pause'],
    args: '<name>',
    summary: 'start nothing until it is resumed',
    load: () => require('./commands/schedule/pause') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'resume'],
    args: '<name>',
    summary: 'go on with the next time',
    load: () => require('./commands/schedule/resume') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'trigger'],
    args: '<name>',
    summary: 'start one run now',
    load: () => require('./commands/schedule/trigger') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'backfill'],
    args: '<name>',
    summary: 'start runs for times that have passed',
    load: () => require('./commands/schedule/backfill') as { command: CommandDefinition },
  },
  {
    path: ['schedule', 'delete'],
    args: '<name>',
    summary: 'delete a schedule; what it has started goes on',
    load: () => require('./commands/schedule/delete') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'run'],
    summary: 'run a swarm whose agents are an executable',
    load: () => require('./commands/swarm/run') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'list'],
    summary: 'the fleet',
    load: () => require('./commands/swarm/list') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'drain'],
    args: '<id>',
    summary: 'let a swarm finish what it has, and give it nothing new',
    load: () => require('./commands/swarm/drain') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'cordon'],
    args: '<id>',
    summary: 'give a swarm nothing new',
    load: () => require('./commands/swarm/cordon') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'uncordon'],
    args: '<id>',
    summary: 'end a cordon or a drain',
    load: () => require('./commands/swarm/uncordon') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'health'],
    args: '[id]',
    summary: 'who gets less or nothing, and why',
    load: () => require('./commands/swarm/health') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'force'],
    args: '<id> <state>',
    summary: 'force the health of a swarm',
    load: () => require('./commands/swarm/force') as { command: CommandDefinition },
  },
  {
    path: ['swarm', 'reset'],
    args: '<id>',
    summary: 'forget what is known of the health of a swarm',
    load: () => require('./commands/swarm/reset') as { command: CommandDefinition },
  },
  {
    path: ['maintenance', 'list'],
    summary: 'windows in which swarms get nothing new',
    load: () => require('./commands/maintenance/list') as { command: CommandDefinition },
  },
  {
    path: ['maintenance', 'plan'],
    summary: 'plan such a window',
    load: () => require('./commands/maintenance/plan') as { command: CommandDefinition },
  },
  {
    path: ['maintenance', 'cancel'],
    args: '<id>',
    summary: 'cancel one',
    load: () => require('./commands/maintenance/cancel') as { command: CommandDefinition },
  },
  {
    path: ['fleet', 'run'],
    args: '<file>',
    summary: 'run the swarms of a fleet file, all or those of a region',
    load: () => require('./commands/fleet/run') as { command: CommandDefinition },
  },
  {
    path: ['shard', 'list'],
    summary: 'the shards as they stand in Redis',
    load: () => require('./commands/shard/list') as { command: CommandDefinition },
  },
  {
    path: ['shard', 'export'],
    args: '<shard>',
    summary: 'write a shard into a file, while it is served',
    load: () => require('./commands/shard/export') as { command: CommandDefinition },
  },
  {
    path: ['shard', 'import'],
    summary: 'make a shard of such a file',
    load: () => require('./commands/shard/import') as { command: CommandDefinition },
  },
  {
    path: ['shard', 'recover'],
    summary: 'after Redis was set back: use no number again',
    load: () => require('./commands/shard/recover') as { command: CommandDefinition },
  },
  {
    path: ['route'],
    summary: 'choose a swarm or an external endpoint for one request, and say why',
    load: () => require('./commands/route') as { command: CommandDefinition },
  },
  {
    path: ['endpoint', 'list'],
    summary: 'swarms and external endpoints as the load-balancer sees them',
    load: () => require('./commands/endpoint/list') as { command: CommandDefinition },
  },
  {
    path: ['endpoint', 'get'],
    args: '<id>',
    summary: 'one of them',
    load: () => require('./commands/endpoint/get') as { command: CommandDefinition },
  },
  {
    path: ['endpoint', 'register'],
    args: '<id> <address>',
    summary: 'register an external endpoint, replace it or renew it',
    load: () => require('./commands/endpoint/register') as { command: CommandDefinition },
  },
  {
    path: ['endpoint', 'remove'],
    args: '<id>',
    summary: 'remove an external endpoint',
    load: () => require('./commands/endpoint/remove') as { command: CommandDefinition },
  },
  {
    path: ['policy', 'simulate'],
    summary: 'what every policy would decide for a request now',
    load: () => require('./commands/policy/simulate') as { command: CommandDefinition },
  },
  {
    path: ['decision', 'list'],
    summary: 'the last decisions of the load-balancer, newest first',
    load: () => require('./commands/decision/list') as { command: CommandDefinition },
  },
  {
    path: ['decision', 'explain'],
    args: '<id>',
    summary: 'one decision with its receipt',
    load: () => require('./commands/decision/explain') as { command: CommandDefinition },
  },
  {
    path: ['decision', 'replay'],
    args: '<policy>',
    summary: 'what another policy would have decided in the place of the last decisions',
    load: () => require('./commands/decision/replay') as { command: CommandDefinition },
  },
  {
    path: ['policy', 'list'],
    summary: 'the routing policies, and who has chosen which',
    load: () => require('./commands/policy/list') as { command: CommandDefinition },
  },
  {
    path: ['namespace', 'list'],
    summary: 'namespaces that have settings of their own',
    load: () => require('./commands/namespace/list') as { command: CommandDefinition },
  },
  {
    path: ['namespace', 'get'],
    args: '<name>',
    summary: 'the settings of one namespace',
    load: () => require('./commands/namespace/get') as { command: CommandDefinition },
  },
  {
    path: ['namespace', 'set'],
    args: '<name>',
    summary: 'set weights, limits and retention of a namespace',
    load: () => require('./commands/namespace/set') as { command: CommandDefinition },
  },
  {
    path: ['state', 'get'],
    args: '<bucket> <key>',
    summary: 'the value of a key, or an earlier revision of it',
    load: () => require('./commands/state/get') as { command: CommandDefinition },
  },
  {
    path: ['state', 'put'],
    args: '<bucket> <key> <value>',
    summary: 'write a value, also only where it is as it was read',
    load: () => require('./commands/state/put') as { command: CommandDefinition },
  },
  {
    path: ['state', 'delete'],
    args: '<bucket> [key]',
    summary: 'delete a key, or a bucket with all that is in it',
    load: () => require('./commands/state/delete') as { command: CommandDefinition },
  },
  {
    path: ['state', 'watch'],
    args: '<bucket> [filter]',
    summary: 'what is there and what comes, as it comes',
    load: () => require('./commands/state/watch') as { command: CommandDefinition },
  },
  {
    path: ['state', 'history'],
    args: '<bucket> <key>',
    summary: 'the revisions of a key that are kept',
    load: () => require('./commands/state/history') as { command: CommandDefinition },
  },
  {
    path: ['state', 'list'],
    args: '[bucket]',
    summary: 'buckets, or the keys of one',
    load: () => require('./commands/state/list') as { command: CommandDefinition },
  },
  {
    path: ['event', 'tail'],
    summary: 'follow the events of everything, or of one task or workflow',
    load: () => require('./commands/event/tail') as { command: CommandDefinition },
  },
  {
    path: ['event', 'archive'],
    summary: 'write events into a file of JSON lines, with checksums',
    load: () => require('./commands/event/archive') as { command: CommandDefinition },
  },
  {
    path: ['event', 'verify'],
    args: '<files...>',
    summary: 'check archives of events from end to end',
    load: () => require('./commands/event/verify') as { command: CommandDefinition },
  },
];
