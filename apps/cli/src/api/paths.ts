export type TaskVerb = 'pause' | 'resume' | 'signal' | 'retry' | 'rerun';

/** Paths of the orchestrator's HTTP interface, as far as the command line uses them. */
export const paths = {
  tasks: '/v1/tasks',
  taskCounts: '/v1/tasks/counts',
  task: (id: string) => `/v1/tasks/${encodeURIComponent(id)}`,
  taskCancel: (id: string) => `/v1/tasks/${encodeURIComponent(id)}/cancel`,
  taskControl: (id: string, verb: TaskVerb) => `/v1/tasks/${encodeURIComponent(id)}/${verb}`,
  taskEvents: (id: string) => `/v1/tasks/${encodeURIComponent(id)}/events`,
  deadLetters: '/v1/dead-letters',
  deadLetter: (id: string) => `/v1/dead-letters/${encodeURIComponent(id)}`,
  deadLettersControl: (verb: 'redrive' | 'purge') => `/v1/dead-letters/${verb}`,
  taskPart: (id: string, part: 'input' | 'output') => `/v1/tasks/${encodeURIComponent(id)}/${part}`,
  taskLogs: (id: string) => `/v1/tasks/${encodeURIComponent(id)}/logs`,
  payloads: '/v1/payloads',
  payloadCheck: '/v1/payloads/check',
  taskExplain: (id: string) => `/v1/tasks/${encodeURIComponent(id)}/explain`,
  workflows: '/v1/workflows',
  workflow: (id: string) => `/v1/workflows/${encodeURIComponent(id)}`,
  workflowEvents: (id: string) => `/v1/workflows/${encodeURIComponent(id)}/events`,
  workflowCancel: (id: string) => `/v1/workflows/${encodeURIComponent(id)}/cancel`,
  workflowValidate: '/v1/workflows/validate',
  swarms: '/v1/swarms',
  swarm: (id: string) => `/v1/swarms/${encodeURIComponent(id)}`,
  swarmControl: (id: string, kind: 'cordon' | 'drain' | 'uncordon') =>
    `/v1/swarms/${encodeURIComponent(id)}/${kind}`,
  namespaces: '/v1/namespaces',
  namespace: (name: string) => `/v1/namespaces/${encodeURIComponent(name)}`,
  shards: '/v1/shards',
  shardCheck: (shard: number) => `/v1/shards/${shard}/check`,
  events: '/v1/events',
  status: '/status',
} as const;
