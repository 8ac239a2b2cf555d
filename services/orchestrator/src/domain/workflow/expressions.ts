import { LIMITS, type InputPaths, type JsonValue, type Sleep, type TaskError } from '@multiswarm/contracts';
import { compileCondition, ExpressionError, type RunContext } from '@multiswarm/workflow';
import { readPath } from './input';
import type { RunStep } from './run';

/** Whether a step asks for what the run knows: others cost nothing for it. */
export function needsFacts({ when, inputs, map, sleep, workflow, compensate }: RunStep): boolean {
  return (
    when !== undefined ||
    inputs !== undefined ||
    map !== undefined ||
    workflow !== undefined ||
    compensate?.inputs !== undefined ||
    (sleep !== undefined && 'until' in sleep)
  );
}

/** What came of an expression, or why nothing did. */
export type Evaluated<T> = { ok: true; value: T } | { ok: false; error: TaskError };

/** @returns the fault of an expression as the error of its step */
export function evaluated<T>(what: string, read: () => T): Evaluated<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ok: false, error: fault('expression-failed', `${what}: ${error.message}`) };
  }
}

export function conditionHolds(when: string, context: RunContext): Evaluated<boolean> {
  return evaluated('when', () => {
    const compiled = compileCondition(when);
    if (!compiled.ok) throw new Error(`invariant: the condition was accepted: ${compiled.message}`);
    return compiled.condition.evaluate(context);
  });
}

/** The list over which a step is mapped. */
export function listOf(over: string, context: RunContext): Evaluated<JsonValue[]> {
  const list = evaluated('map.over', () => readPath(over, context));
  if (!list.ok) return list;
  if (!Array.isArray(list.value))
    return { ok: false, error: fault('expression-failed', `map.over: ${over} is no list`) };
  if (list.value.length > LIMITS.MAP_ITEMS) {
    const message = `map.over has ${list.value.length} items, the limit is ${LIMITS.MAP_ITEMS} (MAP_ITEMS): split the list`;
    return { ok: false, error: fault('map-too-large', message) };
  }
  return { ok: true, value: list.value };
}

/** Until when a step sleeps, epoch ms. */
export function wakeTime(sleep: Sleep, now: number, context: RunContext): Evaluated<number> {
  if ('ms' in sleep) return { ok: true, value: now + sleep.ms };
  const { until } = sleep;
  if (!until.startsWith('$')) return { ok: true, value: Date.parse(until) };
  const read = evaluated('sleep.until', () => readPath(until, context));
  if (!read.ok) return read;
  const at = typeof read.value === 'string' ? Date.parse(read.value) : Number.NaN;
  if (Number.isNaN(at) || at > now + LIMITS.DURATION_MS)
    return {
      ok: false,
      error: fault(
        'expression-failed',
        `sleep.until: ${until} is no instant such as 2030-01-31T12:00:00Z within ten years`,
      ),
    };
  return { ok: true, value: at };
}

export function fault(code: string, message: string): TaskError {
  return { code, message: message.slice(0, LIMITS.ERROR_MESSAGE_CHARS), retryable: false };
}

/** Whether paths are given for all of the input or for fields of it. */
export function hasInputs(step: RunStep): step is RunStep & { inputs: InputPaths } {
  return step.inputs !== undefined;
}
