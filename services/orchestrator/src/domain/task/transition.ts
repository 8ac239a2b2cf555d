import { isTerminal } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { progressed } from './attempt';
import { awaitRun, fulfil, isAwaiting, spent, unblock } from './awaiting';
import { cancel, pause, resume, retry, signal } from './control';
import { purge, redrive } from './dead-letter';
import { timePassed } from './due-time';
import { end, finished, lost } from './ending';
import { lateResult } from './late-result';
import { accepted, assign, refused } from './placing';
import { isBlockedBySteps, isHeld, type TaskCommand, type TaskRecord, type Transition } from './record';

/**
 * The task state machine. Pure: time and chance come in as arguments.
 *
 * T1. Terminal states are final: no command changes the state of a task that has ended, but for a retry (or redrive) by a
 *     person, which opens a lone task again that has failed, expired or been cancelled.
 * T2. Only the current attempt counts: a command that carries another number changes nothing.
 * T3. The attempt number only grows, and grows only by `assign`, to the number that was granted.
 * T4. Every attempt that was assigned is given back exactly once: by refusal, loss or end.
 * T5. A task whose cancellation was asked for runs no further attempt, and ends at the latest when its grace is over.
 * T6. A task that is refused or lost again and again is tried more and more slowly: swarms that drain must not be stormed, and
 *     what swarms, coordinators and networks need to recover must not cost a task all the attempts that it may lose.
 * T7. No attempt of a paused task begins; the scheduler knows a task exactly while it is queued and not paused.
 * T8. No attempt begins when its time is over: what is due is not assigned.
 * T9. A signal that came before its wait is there when the wait begins.
 * T10. Where `dueAt` tells a time, the command `due` changes something from then on, and nothing before.
 * T12. A step that no swarm runs has no attempts: it ends when what it waits for has come, or is cancelled at once.
 * T11. Every change of the state has an event that tells it.
 * T13. What an attempt reports after it was given up is told once, and changes nothing.
 *
 * @returns undefined where the command changes nothing: it came too late, or does not fit the state.
 */
export function transition(
  record: TaskRecord,
  command: TaskCommand,
  now: number,
  random: Random,
): Transition | undefined {
  if (command.kind === 'late-result') return lateResult(record, command, now); // T13
  if (isTerminal(record.state)) return ofTheEnded(record, command, now); // T1
  switch (command.kind) {
    case 'unblock':
      return isBlockedBySteps(record) ? unblock(record, now) : undefined;
    case 'skip':
      return isBlockedBySteps(record) ? end(record, 'skipped', now, { error: command.error }) : undefined;
    case 'reject':
      return isBlockedBySteps(record) || isAwaiting(record)
        ? end(record, 'failed', now, { error: command.error })
        : undefined;
    case 'await':
      return isBlockedBySteps(record) ? awaitRun(record, command, now) : undefined;
    case 'fulfil':
      return isBlockedBySteps(record) || isAwaiting(record) ? fulfil(record, command, now) : undefined;
    case 'spent':
      return isAwaiting(record) ? spent(record, command) : undefined;
    case 'assign':
      return assign(record, command, now);
    case 'due':
      return timePassed(record, now, random);
    case 'cancel':
      return cancel(record, command, now);
    case 'pause':
      return pause(record, command, now);
    case 'resume':
      return resume(record, command, now);
    case 'signal':
      return signal(record, command.signal, now);
    case 'retry':
      return retry(record, command, now);
    case 'redrive':
    case 'purge':
      return undefined;
    default:
      return isHeld(record) && command.attempt === record.attempt // T2
        ? ofTheAttempt(record, command, now, random)
        : undefined;
  }
}

function ofTheEnded(record: TaskRecord, command: TaskCommand, now: number): Transition | undefined {
  switch (command.kind) {
    case 'retry':
      return retry(record, command, now);
    case 'redrive':
      return redrive(record, command, now);
    case 'purge':
      return purge(record, command, now);
    default:
      return undefined;
  }
}

type OfTheAttempt = Extract<TaskCommand, { kind: 'accepted' | 'refused' | 'lost' | 'finished' | 'progress' }>;

function ofTheAttempt(
  record: TaskRecord,
  command: OfTheAttempt,
  now: number,
  random: Random,
): Transition | undefined {
  switch (command.kind) {
    case 'accepted':
      return record.state === 'assigned' ? accepted(record, command, now) : undefined;
    case 'refused':
      return record.state === 'assigned' ? refused(record, command, now, random) : undefined;
    case 'lost':
      return lost(record, command.reason, now, random);
    case 'finished':
      return finished(record, command, now, random);
    case 'progress':
      return progressed(record, command.progress);
  }
}
