import { createContext, Script } from 'node:vm';
import {
  bodyHash,
  LIMITS,
  MultiswarmError,
  summarize,
  toPointer,
  type Finding,
  type JsonValue,
} from '@multiswarm/contracts';
import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';

/** Compiled schemas that are kept: those used last. */
const KEPT = 200;

/** What a workflow says about the input of its runs; whatever else it is. */
interface Given {
  input?: unknown;
  inputSchema?: unknown;
  tasks?: unknown;
  dependencies?: unknown;
}

type Compiled = { validate: ValidateFunction } | { fault: string };

/**
 * Holds inputs of runs against the JSON Schema (2020-12) that their workflow has.
 *
 * R1. A schema comes from outside, and its patterns may take for ever: whatever is done with it has INPUT_CHECK_MS.
 */
export class RunInputs {
  private readonly compiled = new Map<string, Compiled>();
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, addUsedSchema: false, logger: false });
  private readonly timed = timed();

  /** @throws MultiswarmError `invalid-request` with the findings */
  check(workflow: unknown): void {
    const findings = this.findings(workflow);
    if (findings.length > 0) throw new MultiswarmError('invalid-request', summarize(findings), { findings });
  }

  /** What is wrong with the schema, or with the input by it, and with those of the workflows inside. */
  findings(workflow: unknown): Finding[] {
    const { input = null } = givenOf(workflow);
    return [...this.inputFindings(workflow, { value: input }, []), ...this.insideFindings(workflow, [])];
  }

  /** What is wrong with the schemas themselves, and with the inputs that workflows inside always have. */
  schemaFindings(workflow: unknown): Finding[] {
    return [...this.inputFindings(workflow, undefined, []), ...this.insideFindings(workflow, [])];
  }

  /** @param input as far as it is known */
  private inputFindings(
    workflow: unknown,
    input: { value: unknown } | undefined,
    at: readonly PropertyKey[],
  ): Finding[] {
    const { inputSchema } = givenOf(workflow);
    if (!isFields(inputSchema)) return [];
    const inside = at.length === 0 ? [] : [...at, 'workflow'];
    const compiled = this.compile(inputSchema);
    if ('fault' in compiled) return [ofSchema(compiled.fault, inside)];
    if (!input) return [];
    const { validate } = compiled;
    const valid = this.timed(() => validate(input.value)); // R1
    if (valid === 'too-slow') return [ofSchema(TOO_SLOW, inside)];
    return valid
      ? []
      : (validate.errors ?? []).slice(0, LIMITS.FINDINGS).map((error) => toFinding(error, at));
  }

  /** Deeper than they may be something else is said of them. */
  private *insideFindings(workflow: unknown, at: readonly PropertyKey[]): Generator<Finding> {
    const { tasks, dependencies } = givenOf(workflow);
    if (!Array.isArray(tasks) || at.length / 3 > LIMITS.WORKFLOW_DEPTH) return;
    for (const [index, step] of (tasks as unknown[]).entries()) {
      if (!isFields(step) || !isFields(step['workflow'])) continue;
      const place = [...at, 'tasks', index];
      yield* this.inputFindings(step['workflow'], ownInput(step, dependencies), place);
      yield* this.insideFindings(step['workflow'], [...place, 'workflow']);
    }
  }

  private compile(schema: object): Compiled {
    const text = JSON.stringify(schema);
    if (text.length > LIMITS.INPUT_SCHEMA_BYTES)
      return { fault: `has more than ${LIMITS.INPUT_SCHEMA_BYTES} bytes (INPUT_SCHEMA_BYTES)` };
    const key = bodyHash(schema);
    const known = this.compiled.get(key) ?? this.compileAnew(schema);
    this.compiled.delete(key);
    this.compiled.set(key, known);
    const [oldest] = this.compiled.keys();
    if (this.compiled.size > KEPT && oldest !== undefined) this.compiled.delete(oldest);
    return known;
  }

  private compileAnew(schema: object): Compiled {
    try {
      const validate = this.timed(() => this.ajv.compile(schema));
      return validate === 'too-slow' ? { fault: TOO_SLOW } : { validate };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    } finally {
      this.ajv.removeSchema(schema); // it keeps all that it has seen
    }
  }
}

const TOO_SLOW = `the check takes longer than ${LIMITS.INPUT_CHECK_MS} ms (INPUT_CHECK_MS): make it and its patterns simpler`;

/** R1: the engine ends whatever runs below a script that is over its time, also in the middle of a regular expression. */
function timed(): <T>(work: () => T) => T | 'too-slow' {
  const script = new Script('work()');
  const sandbox: { work?: () => unknown } = {};
  const context = createContext(sandbox);
  return <T>(work: () => T) => {
    sandbox.work = work;
    try {
      return script.runInContext(context, { timeout: LIMITS.INPUT_CHECK_MS }) as T; // what `work` returns
    } catch (error) {
      if (isFields(error) && error['code'] === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'too-slow';
      throw error;
    } finally {
      delete sandbox.work;
    }
  };
}

/** The input of a step to which a run adds nothing. */
function ownInput(
  step: Readonly<Record<string, unknown>>,
  dependencies: unknown,
): { value: unknown } | undefined {
  const { id, input = {}, inputs, map } = step;
  if (typeof id !== 'string' || inputs !== undefined || map !== undefined) return undefined;
  return isFields(dependencies) && Object.hasOwn(dependencies, id) ? undefined : { value: input };
}

function ofSchema(message: string, at: readonly PropertyKey[]): Finding {
  return { pointer: toPointer([...at, 'inputSchema']), code: 'invalid-schema', message };
}

function toFinding(
  { instancePath, keyword, message, params }: ErrorObject,
  at: readonly PropertyKey[],
): Finding {
  const extra: unknown = (params as Record<string, unknown>)['additionalProperty']; // ajv's own, by keyword
  const place = typeof extra === 'string' ? toPointer([extra]) : '';
  return {
    pointer: `${toPointer([...at, 'input'])}${instancePath}${place}`,
    code: keyword,
    message: message ?? `fails "${keyword}"`,
  };
}

function givenOf(workflow: unknown): Given {
  return isFields(workflow) ? workflow : {};
}

function isFields(value: unknown): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
