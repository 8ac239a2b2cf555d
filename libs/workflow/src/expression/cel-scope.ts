import type { JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import type { Meter } from './meter';

/** A variable of a macro such as `all`, and those around it. */
export interface Local {
  readonly name: string;
  value: JsonValue;
  readonly outer: Local | undefined;
}

export interface Scope {
  readonly context: RunContext;
  readonly meter: Meter;
  readonly local: Local | undefined;
}

/** A part of a condition, ready to be evaluated. */
export type Evaluate = (scope: Scope) => JsonValue;
