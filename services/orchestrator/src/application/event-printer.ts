import type { Event } from '@multiswarm/contracts';
import { becauseOf } from '../domain/task/receipt';
import type { Attempt, TaskRecord } from '../domain/task/record';
import { runningSince } from '../domain/task/told-events';

// All texts but those in `data` are names and ids, whose characters need no escaping: so JSON is put together in a third of
// the time that `JSON.stringify` takes (measured).

/** The JSON of an event. */
export function printEvent(event: Event): string {
  const { seq, at, type, root, namespace, taskId, workflowId, step, attempt, swarmId, region, data } = event;
  let text = `{"v":1,"seq":${seq},"at":${at},"type":"${type}","root":"${root}","namespace":"${namespace}"`;
  if (taskId !== undefined) text += `,"taskId":"${taskId}"`;
  if (workflowId !== undefined) text += `,"workflowId":"${workflowId}"`;
  if (step !== undefined) text += `,"step":"${step}"`;
  if (attempt !== undefined) text += `,"attempt":${attempt}`;
  if (swarmId !== undefined) text += `,"swarmId":"${swarmId}"`;
  if (region !== undefined) text += `,"region":"${region}"`;
  return data === undefined ? `${text}}` : `${text},"data":${JSON.stringify(data)}}`;
}

/** The JSON of the last `count` of `toldEvents`, separated by commas; they are not made for it. */
export function printTold(record: TaskRecord, count: number): string {
  const { id, spec, events } = record;
  const subject = `"root":"${id}","namespace":"${spec.namespace}","taskId":"${id}"`;
  let text = '';
  for (let seq = events - count + 1; seq <= events; seq += 1)
    text += `${text === '' ? '' : ','}{"v":1,"seq":${seq},${subject},${printToldOne(record, seq)}}`;
  return text;
}

/** What is of one event alone. */
function printToldOne(record: TaskRecord, seq: number): string {
  const { spec, createdAt, endedAt, attempts } = record;
  if (seq === 1)
    return `"at":${createdAt},"type":"task.submitted","data":{"type":"${spec.type}","priority":"${spec.priority}"}`;
  if (seq === 2) return `"at":${createdAt},"type":"task.queued"`;
  const attempt = attempts[0] as Attempt; // an ordinary life has one, once it is assigned
  const where = `"attempt":${attempt.attempt},"swarmId":"${attempt.swarmId}","region":"${attempt.region}"`;
  if (seq === 3) {
    const because = JSON.stringify(becauseOf(attempt));
    return `"at":${attempt.assignedAt},"type":"task.assigned",${where},"data":{"because":${because}}`;
  }
  if (seq === 4) return `"at":${runningSince(record, attempt)},"type":"task.running",${where}`;
  return `"at":${endedAt},"type":"task.succeeded",${where},"data":{}`;
}
