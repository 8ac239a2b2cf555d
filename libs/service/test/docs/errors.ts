import { ERRORS, type ErrorCode } from '@multiswarm/contracts';
import { code, table } from './table';

/** What each code means for whoever meets it, and what to do. */
export const ERROR_TEXTS: Record<ErrorCode, readonly [meaning: string, remedy: string]> = {
  'invalid-request': [
    'A part of the request does not fit its schema.',
    'Correct what `errors` lists; each entry has a pointer to its place.',
  ],
  'invalid-json': ['The body cannot be read as JSON.', 'Look at the line and column in `detail`.'],
  'invalid-workflow': [
    'A cycle, an unknown dependency, a duplicate id, an [expression](expressions.md) that cannot be, or a step that does not fit its schema.',
    'Correct all findings; `POST /v1/workflows/validate` checks without storing.',
  ],
  'body-too-large': [
    'The body is over the limit of the route.',
    'Send less at a time; `detail` names the limit.',
  ],
  'headers-too-large': [
    'Path, query and headers of a request have more than 16 KiB together.',
    'Ask for less at a time; what is long belongs into a body.',
  ],
  'input-too-large': [
    'The input of a task is over the limit.',
    'Store it with `POST /v1/payloads`, and pass what that answers as `inputRef`; the SDK does so by itself.',
  ],
  'too-many-watchers': [
    'As many readers as one process allows wait for what running attempts say (`STREAM_WATCHERS`), or for changes (`STATE_WATCHERS`).',
    'Try again, with pauses; another replica may have room.',
  ],
  'payload-not-found': [
    'No payload has this id, or it has another size: it was never stored, or nothing has referred to it for longer than `PAYLOAD_GRACE_MS`.',
    'Store it again; storing the same value twice is harmless.',
  ],
  'payload-too-large': [
    'An input or output is larger than a payload may be.',
    'Divide it, or store it elsewhere and pass an address.',
  ],
  'payload-corrupt': [
    'What is stored of a payload is not what was put there: a part is missing, or its digest is another one.',
    'Store it again, and submit the task anew; `swarmctl payload check` lists what else is damaged.',
  ],
  'payload-store-full': [
    'There is no room for further payloads.',
    'Raise `PAYLOAD_STORE_BYTES`, or shorten the retention of tasks that have large inputs or outputs.',
  ],
  'payload-store-unavailable': [
    'JetStream does not answer for the store of payloads.',
    'Try again; check that NATS runs with JetStream and can be reached from there.',
  ],
  'unsupported-media-type': [
    'The body is not `application/json`, is compressed, or is not UTF-8.',
    'Send `Content-Type: application/json`, uncompressed, in UTF-8.',
  ],
  'route-not-found': ['No route has this path.', '`GET /openapi.json` lists all routes.'],
  'method-not-allowed': [
    'The path exists, but not with this method.',
    'Use a method that the `Allow` header names.',
  ],
  'task-not-found': ['No task has this id.', 'Check the id; ended tasks go after `TASK_RETENTION_MS`.'],
  'workflow-not-found': [
    'No workflow run has this id.',
    'Check the id; ended runs go after `TASK_RETENTION_MS`.',
  ],
  'dead-letter-not-found': [
    'The task is no dead letter; `detail` says what it is instead.',
    '`GET /v1/dead-letters` lists those that are.',
  ],
  'decision-not-found': [
    'This replica of the load-balancer has no decision with this id: another one has made it, or it has made room for later ones (`DECISIONS_KEPT`).',
    '`GET /v1/decisions` lists those that it has. The receipt of a task is part of the task.',
  ],
  'reservation-not-found': [
    'Nothing is reserved under this id: its end was reported, it was given back, or it has expired.',
    'Ask for a route again, and renew it in time (`RESERVATION_HOLD_MS`).',
  ],
  'swarm-not-found': ['No swarm has this id.', '`GET /v1/swarms` lists those that are known.'],
  'endpoint-not-found': [
    'No external endpoint is registered under this id, and no swarm has it.',
    '`GET /v1/endpoints` of the load-balancer lists all.',
  ],
  'endpoint-conflict': [
    'A swarm has the id under which an endpoint was to be registered.',
    'Register it under another id. The id of a swarm is free ten minutes after its last heartbeat, or at once where it has stopped.',
  ],
  'shard-not-found': ['There is no shard with that number.', 'See `GET /v1/shards`.'],
  'copy-not-found': [
    'That export or import is not known to the owner of the shard (any more): the shard has another owner, or nobody went on with it for a minute.',
    'Begin a new one. An import that was not finished has left nothing behind.',
  ],
  'copy-refused': [
    'The shard is not empty, the copy is damaged or does not fit it, or an export is taken more slowly than the shard changes. Nothing was stored.',
    'See the message; `--replace` deletes what is there.',
  ],
  'repair-refused': [
    'A shard may have been set back, so what seems to be in vain may still be wanted. Nothing was removed.',
    'See the message; docs/recovery.md has the steps.',
  ],
  'check-not-found': [
    'That run of a deep check is not known to the owner of the shard (any more): the shard has another owner, or it was long ago.',
    'Begin a new one.',
  ],
  'message-not-found': ['No message has this id, or it is no longer kept.', 'Check the id.'],
  'recipient-unknown': ['The recipient is not connected.', 'Check the id, or send again when it is.'],
  'mailbox-full': [
    'The mailbox holds as many unacknowledged messages as it may, or has as many readers as it may, or all mailboxes together have no room. The message says which.',
    'Send again later, send less, or let the recipient handle more at once.',
  ],
  'mailbox-unavailable': [
    'No communicator owns the mailbox at the moment: none runs in the domain, or one is just taking over.',
    'Try again; start a communicator where none runs.',
  ],
  'not-admitted': [
    'The region or the deployment has all the swarms it may have, or a newer process runs under the same id.',
    'Give each process its own id, or raise the limit that the message names.',
  ],
  'idempotency-conflict': ['The key was used before, with another body.', 'Use a new key for new work.'],
  'feature-not-available': ['This build does not have that feature yet.', 'Leave the option out.'],
  'state-not-found': [
    'No such bucket or key, it was deleted, or the asked revision is not kept any more.',
    'Check the namespace, the bucket and the key.',
  ],
  'state-exists': ['The bucket exists with another history or ttl.', 'Use it as it is, or drop it first.'],
  'state-full': [
    'A limit of the bucket (keys, bytes) or of the namespace (buckets) is reached.',
    'Delete what is not needed, or use another bucket.',
  ],
  'state-unavailable': [
    'NATS has no quorum for the bucket, or JetStream does not answer. A write that timed out may have happened.',
    'Repeat reads; before you repeat a write, read what is there, or give its revision.',
  ],
  'offer-not-found': ['There is no such offer, or it ended long ago.', 'List what is offered.'],
  'offer-taken': [
    'Another swarm has claimed it, or it was withdrawn, or its time is over.',
    'Claim another one.',
  ],
  'proposal-not-found': [
    'There is no such proposal, or it was forgotten.',
    'Check the id and the namespace.',
  ],
  'proposal-closed': ['It is decided, or its time is over.', 'Read its outcome; propose it anew if need be.'],
  'already-voted': ['The member has voted for something else. A vote is never changed.', 'Nothing.'],
  'origin-not-allowed': [
    'Web pages of other sites may not take messages in the name of whoever reads them.',
    'Serve the page from the same host, or let a program of yours ask.',
  ],
  'forged-sender': [
    'The message names a sender that is not the one who sends it: over NATS another one than its subject says, over HTTP a swarm that is connected.',
    'Send in the own name; over HTTP choose a name that no swarm has.',
  ],
  'not-a-member': ['Only the members that the proposal names vote on it.', 'Propose it to other members.'],
  'lease-held': [
    'Another swarm, or an earlier process, holds the lease.',
    'Try again when it expires, or is released.',
  ],
  'lease-lost': [
    'The lease or claim ran out, was released, or was granted to somebody else: the token is old.',
    'Stop what it guarded; acquire it anew.',
  ],
  'too-much-contention': [
    'Each time the change was about to be stored, another one was quicker.',
    'Repeat it, or spread what is written over several keys.',
  ],
  'no-placement': [
    'No swarm can take the work now.',
    'Try again, or add capacity; `detail` says what was missing.',
  ],
  'not-ready': ['The service is still starting.', 'Try again after `Retry-After` seconds.'],
  'shard-unavailable': [
    'The shard of this task has no owner at the moment.',
    'Try again: another replica takes it within `SHARD_LEASE_MS`.',
  ],
  'region-unavailable': [
    'The region of this swarm has no coordinator at the moment.',
    'Try again: another replica takes it within `SHARD_LEASE_MS`.',
  ],
  'store-unavailable': ['Redis does not answer.', 'Try again; operators look at `/health`.'],
  'bus-unavailable': ['NATS does not answer.', 'Try again; operators look at `/health`.'],
  'shutting-down': ['The service is shutting down.', 'Try again: another replica answers.'],
  timeout: [
    'There was no answer in time. The work may have been done.',
    'Try again with the same idempotency key.',
  ],
  'stale-epoch': ['Another replica owns the shard now.', 'Try again: the request finds the new owner.'],
  'task-failed': ['The task ended without a result.', 'Look at its `error` and its attempts.'],
  'attempt-failed': [
    'The agent reported a failure.',
    'Look at the message of the agent; the retry policy decides what happens next.',
  ],
  'attempt-lost': [
    'The swarm that held the attempt is gone.',
    'Nothing: it runs elsewhere, up to `LOST_ATTEMPTS` times.',
  ],
  'attempt-timeout': [
    'The attempt ran longer than `timeouts.startToCloseMs`.',
    'Allow more time, or make the work smaller.',
  ],
  'heartbeat-timeout': [
    'The handler reported nothing for longer than `timeouts.heartbeatMs`.',
    'Report progress more often, or allow a longer silence; the retry policy decides what happens next.',
  ],
  'schedule-to-start-timeout': [
    'No attempt started within `timeouts.scheduleToStartMs`.',
    'While it waits, `GET /v1/tasks/{id}` says why (`waiting`): add capacity, or allow a longer wait.',
  ],
  'deadline-exceeded': [
    '`timeouts.deadline` passed before the task ended.',
    'Submit earlier, with a later deadline, or with a higher priority.',
  ],
  'signal-timeout': [
    'The signal of `waitFor` did not come within its `timeoutMs`.',
    'Retry the task when the signal can come, or allow a longer wait.',
  ],
  'wrong-state': [
    'The task is in a state in which this cannot be done; `detail` names it.',
    'Read the task; nothing has changed.',
  ],
  'revision-conflict': [
    'Somebody else has changed it since it was read.',
    'Read it again, and repeat the change with its new revision.',
  ],
  'state-too-large': [
    'With this message the state that `onExactlyOnce` keeps of its conversation is larger than one NATS message carries.',
    'Keep less in it, or begin another conversation; then send the dead letter again.',
  ],
  'output-too-large': [
    'The output of the attempt is over the limit.',
    'Store the data elsewhere, and return a reference.',
  ],
  'upstream-failed': [
    'A step that this step depends on did not succeed.',
    'Look at the failed step of the workflow.',
  ],
  'upstream-skipped': [
    'A step that this step depends on was skipped by its condition: this is no failure.',
    'Nothing; `join: none-failed` or `join: all-ended` makes a step run all the same.',
  ],
  'condition-false': ['The condition of the step is false: this is no failure.', 'Nothing.'],
  'expression-failed': [
    'A condition or a path of the step cannot be evaluated on what the run has.',
    'Correct the expression that the message names; `has(...)` asks in CEL whether something is there.',
  ],
  'map-too-large': [
    'The list of a map, or the list of its outputs, is over the limit.',
    'Split the list, or set `collect: false` and let items store what they make.',
  ],
  'items-failed': [
    'More items of a map failed than `toleratedFailures`.',
    'Look at the failed items; `rerun` with `failed` repeats what did not succeed.',
  ],
  'child-failed': [
    'The sub-workflow did not succeed.',
    'Look at its run, which the step names as `childId`.',
  ],
  rejected: ['Somebody has refused the approval.', 'The output of the step says who, and why.'],
  'approval-not-allowed': [
    'Whoever answers is none of the approvers of the step.',
    'Let one of those answer that the message names.',
  ],
  'budget-exhausted': [
    'The run has cost what its budget allows: no further step starts.',
    'Give it a larger budget with `rerun`, which keeps the results.',
  ],
  'workflow-timeout': [
    'The run has not ended within `timeoutMs`, or by its `deadline`.',
    'Look at its critical path; `rerun` with `failed` keeps the results.',
  ],
  'run-too-large': [
    'The run would have more steps than one may have.',
    'Map over fewer items, or start further runs.',
  ],
  'step-not-found': ['The workflow has no such step.', 'Check the id; `swarmctl workflow get` lists them.'],
  'definition-not-found': [
    'No definition has this name, or this version.',
    'Check both; `swarmctl definition list` shows what there is.',
  ],
  'schedule-not-found': ['No schedule has this name.', '`swarmctl schedule list` shows what there is.'],
  'schedule-exists': [
    'A schedule of this name is there, and it is not the same.',
    'Update it, or choose another name.',
  ],
  'schedule-changing': [
    'Others changed the schedule each time when this request was about to.',
    'Repeat it.',
  ],
  cancelled: ['The work was cancelled on request.', 'Nothing; submit again if it is wanted after all.'],
  'invalid-configuration': [
    'A setting is wrong, or a port is taken.',
    'Correct what the lines on stderr list.',
  ],
  internal: ['A fault of ours.', 'Look for the `traceId` in the logs.'],
};

export function errorsPage(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const rows = codes.map((name) => {
    const { status, exit, retryable } = ERRORS[name];
    return [code(name), String(status), String(exit), retryable ? 'yes' : 'no', ...ERROR_TEXTS[name]];
  });
  return `# Errors

Every error has one code of this catalogue. Over HTTP it is sent as \`application/problem+json\` (RFC 9457) with \`code\`,
\`detail\`, \`retryable\`, \`traceId\` and, where there are several faults, \`errors[]\` with a JSON pointer to each: into the
body, or below \`/query\`, \`/params\` or \`/headers\`. A retryable 503 carries \`Retry-After\`. The command line ends with the exit code:
0 fine, 1 the work failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 timed out, 7 unavailable.

${table(['Code', 'HTTP', 'Exit', 'Retryable', 'Meaning', 'What to do'], rows)}
`;
}
