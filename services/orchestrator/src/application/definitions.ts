import {
  bodyHash,
  DefinitionRun,
  LIMITS,
  MultiswarmError,
  parse,
  parseOrThrow,
  toPointer,
  WorkflowSubmission,
  type Definition,
  type DefinitionRef,
  type Finding,
} from '@multiswarm/contracts';

/** Where definitions are. Without a version the newest is meant. */
export type GetDefinition = (
  namespace: string,
  name: string,
  version: number | undefined,
) => Promise<Definition | undefined>;

/** A workflow in which every definition stands in place, as far as there are no findings. */
export interface Resolved {
  /** To be validated as any other submission. */
  document: unknown;
  /** Which definition it runs as a whole. */
  definition?: DefinitionRef;
  /** Of what was given: a repetition is the same one, also where a definition has a newer version by then. */
  bodyHash?: string;
  findings: Finding[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Puts definitions where their names are, so that a run is a snapshot of all that it runs.
 *
 * D1. What whoever starts a run says goes before what the definition says.
 * D2. Each definition is read once, so that all its uses in one run are of one version.
 * D3. A definition inside itself is refused with the path; so is nesting deeper than LIMITS.WORKFLOW_DEPTH, and more than
 *     LIMITS.RESOLVED_BYTES in all, before any of it is copied.
 *
 * @throws MultiswarmError `definition-not-found` where there is no definition to run; `invalid-request` where the run has faults
 */
export async function resolveWorkflow(given: unknown, get: GetDefinition): Promise<Resolved> {
  if (!isFields(given)) return { document: given, findings: [] };
  if (given['definition'] !== undefined) return resolveRun(given, get);
  if (!hasReferences(given['tasks'])) return { document: given, findings: [] };
  const resolver = new Resolver(namespaceOf(given), get);
  const document = await resolver.inside(given, [], []);
  const hash = hashOf(given);
  return { document, ...(hash === undefined ? {} : { bodyHash: hash }), findings: resolver.findings };
}

/** Steps on their way into a run, with the definitions that they refer to in place. */
export async function resolveSteps(
  namespace: string,
  tasks: readonly unknown[],
  get: GetDefinition,
): Promise<{ tasks: readonly unknown[]; findings: Finding[] }> {
  if (!hasReferences(tasks)) return { tasks, findings: [] };
  const resolver = new Resolver(namespace, get);
  const resolved = await resolver.inside({ tasks }, [], []);
  return { tasks: resolved['tasks'] as unknown[], findings: resolver.findings }; // a list, as it was
}

/** What is wrong with the definitions that a definition refers to, itself among them. */
export async function referenceFaults(
  { namespace, name }: Pick<Definition, 'namespace' | 'name'>,
  body: unknown,
  get: GetDefinition,
): Promise<{ document: unknown; findings: Finding[] }> {
  if (!isFields(body) || !hasReferences(body['tasks'])) return { document: body, findings: [] };
  const resolver = new Resolver(namespace, get, name);
  return { document: await resolver.inside(body, [], [name]), findings: resolver.findings };
}

async function resolveRun(given: Fields, get: GetDefinition): Promise<Resolved> {
  const { definition: name, version, ...run } = parseOrThrow(DefinitionRun, given);
  const found = await get(run.namespace, name, version);
  if (!found) throw noDefinition(run.namespace, name, version);
  const { idempotencyKey: _key, ...asked } = { definition: name, version, ...run };
  const resolver = new Resolver(run.namespace, get);
  const body = await resolver.inside(found.body, [], [shown(found)]);
  return {
    document: { name, ...body, ...run }, // D1: what is not given is not among its fields
    definition: { name, version: found.version },
    bodyHash: bodyHash(asked),
    findings: resolver.findings,
  };
}

/** @throws never; it says what is missing */
export function noDefinition(namespace: string, name: string, version: number | undefined): MultiswarmError {
  const what = version === undefined ? `definition "${name}"` : `version ${version} of definition "${name}"`;
  return new MultiswarmError('definition-not-found', `there is no ${what} in namespace "${namespace}"`);
}

class Resolver {
  readonly findings: Finding[] = [];
  private readonly read = new Map<string, Promise<Definition | undefined>>();
  private bytes = 0;

  /** @param self a definition that is not there yet: whoever refers to it, whatever its version, refers to itself */
  constructor(
    private readonly namespace: string,
    private readonly get: GetDefinition,
    private readonly self?: string,
  ) {}

  /**
   * The same workflow with its references resolved.
   * @param at where it stands in the document
   * @param within the definitions around it, the outermost first
   */
  async inside(workflow: Fields, at: readonly PropertyKey[], within: readonly string[]): Promise<Fields> {
    const { tasks } = workflow;
    if (!Array.isArray(tasks) || !hasReferences(tasks)) return workflow;
    const resolved: unknown[] = [];
    for (const [index, step] of (tasks as unknown[]).entries())
      resolved.push(
        isFields(step) && isFields(step['workflow'])
          ? {
              ...step,
              workflow: await this.child(step['workflow'], [...at, 'tasks', index, 'workflow'], within),
            }
          : step,
      );
    return { ...workflow, tasks: resolved };
  }

  private async child(child: Fields, at: readonly PropertyKey[], within: readonly string[]): Promise<Fields> {
    // Every level of the document is two names and a number of its place.
    if (at.length / 3 > LIMITS.WORKFLOW_DEPTH) {
      this.found(
        at,
        'too-deep',
        `workflows are ${LIMITS.WORKFLOW_DEPTH} deep in each other at most (WORKFLOW_DEPTH)`,
      );
      return child;
    }
    const { definition: name, version, ...more } = child;
    if (typeof name !== 'string') return this.inside(child, at, within);
    if (child['tasks'] !== undefined) return child; // one of them is too many: the schema says so
    const wanted = typeof version === 'number' ? version : undefined;
    const found = name === this.self && wanted === undefined ? undefined : await this.once(name, wanted);
    if (found === undefined) return this.missing(name, wanted, child, at, within);
    if (within.includes(shown(found))) return this.circle([...within, shown(found)], child, at);
    this.bytes += JSON.stringify(found.body).length;
    if (this.bytes > LIMITS.RESOLVED_BYTES) return this.tooLarge(child, at);
    const body = await this.inside(found.body, at, [...within, shown(found)]);
    return { ...body, ...more, definition: { name, version: found.version } };
  }

  /** D2. */
  private once(name: string, version: number | undefined): Promise<Definition | undefined> {
    const key = `${version ?? ''}@${name}`;
    const reading = this.read.get(key) ?? this.get(this.namespace, name, version);
    this.read.set(key, reading);
    return reading;
  }

  private missing(
    name: string,
    version: number | undefined,
    child: Fields,
    at: readonly PropertyKey[],
    within: readonly string[],
  ): Fields {
    if (name === this.self && version === undefined) return this.circle([...within, name], child, at);
    this.found(
      [...at, 'definition'],
      'definition-not-found',
      noDefinition(this.namespace, name, version).message,
    );
    return child;
  }

  /** D3. */
  private circle(path: readonly string[], child: Fields, at: readonly PropertyKey[]): Fields {
    this.found([...at, 'definition'], 'definition-cycle', `a definition inside itself: ${path.join(' -> ')}`);
    return child;
  }

  private tooLarge(child: Fields, at: readonly PropertyKey[]): Fields {
    const message = `with its definitions the workflow has more than ${LIMITS.RESOLVED_BYTES} bytes (RESOLVED_BYTES)`;
    if (!this.findings.some(({ code }) => code === 'too-large'))
      this.found([...at, 'definition'], 'too-large', message);
    return child;
  }

  private found(at: readonly PropertyKey[], code: string, message: string): void {
    if (this.findings.length < LIMITS.FINDINGS) this.findings.push({ pointer: toPointer(at), code, message });
  }
}

/** At least whether there may be some. */
function hasReferences(tasks: unknown): boolean {
  return (
    Array.isArray(tasks) && tasks.some((step: unknown) => isFields(step) && step['workflow'] !== undefined)
  );
}

function shown({ name, version }: DefinitionRef): string {
  return `${name}@${version}`;
}

function namespaceOf({ namespace }: Fields): string {
  return typeof namespace === 'string' ? namespace : 'default';
}

/** Undefined for what is refused anyway. */
function hashOf(given: Fields): string | undefined {
  const parsed = parse(WorkflowSubmission, given);
  if (!parsed.ok) return undefined;
  const { idempotencyKey: _key, ...body } = parsed.value;
  return bodyHash(body);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
