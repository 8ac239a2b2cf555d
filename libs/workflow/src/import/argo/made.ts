import { LIMITS } from '@multiswarm/contracts';
import { toStepId } from '../step-ids';
import type { Frame, StepFacts } from './frame';
import type { ArgoTask } from './graph';
import type { Gate, Joined } from './joins';
import type { Loop } from './loop';

/** Steps and what they wait for, of the workflow or of one inside. */
export interface Run {
  tasks: object[];
  dependencies: Record<string, string[]>;
  onFailure?: 'stop';
  concurrency?: number;
  timeoutMs?: number;
}

export interface Inside {
  run: Run;
  frame: Frame;
  outputs: ReadonlyMap<string, string[]>;
}

/** A step before it is known when it starts. */
export interface Made {
  fields: Record<string, unknown>;
  inputs: Record<string, string>;
  facts: StepFacts;
  loop: Loop | undefined;
  when: string | undefined;
}

export function insideFields({ run, frame }: Inside): Record<string, unknown> {
  const hasInput = Object.keys(frame.own).length > 0;
  return { workflow: run, ...(hasInput ? { input: frame.own } : {}) };
}

export function gateOf(task: ArgoTask, made: ReadonlyMap<string, Made>): Gate {
  const one = made.get(task.name);
  const { name, place, depends, continuesOnFailure } = task;
  return { name, place, depends, when: one?.when, continuesOnFailure, isMap: one?.loop !== undefined };
}

/** The step as it is submitted. */
export function finished(name: string, { fields, inputs, loop, when }: Made, joined: Joined): object {
  const { join, continueOnFailure, isCounted, runsAll } = joined;
  const condition = joined.when ?? when;
  const map = loop && {
    over: loop.over,
    ...(runsAll ? { toleratedFailures: LIMITS.MAP_ITEMS } : {}),
    ...(isCounted ? { collect: false } : {}),
  };
  return {
    id: toStepId(name),
    ...fields,
    ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
    ...(map ? { map } : {}),
    ...(join === undefined ? {} : { join }),
    ...(condition === undefined ? {} : { when: condition }),
    ...(continueOnFailure === true ? { continueOnFailure } : {}),
  };
}
