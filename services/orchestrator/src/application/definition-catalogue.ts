import {
  bodyHash,
  LIMITS,
  MultiswarmError,
  parse,
  PutDefinitionBody,
  summarize,
  type Definition,
  type DefinitionPage,
  type DefinitionSummary,
  type DeleteDefinition,
  type DeletedDefinition,
  type Finding,
  type GetDefinitionQuery,
  type JsonValue,
  type ListDefinitionsQuery,
  type ListVersionsQuery,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { validateWorkflow } from '@multiswarm/workflow';
import type { DefinitionStore } from '../ports';
import { noDefinition, referenceFaults, type GetDefinition } from './definitions';
import { decodeNamed, encodeNamed } from './named-cursor';
import type { RunInputs } from './run-inputs';

export interface CatalogueParts {
  store: DefinitionStore;
  inputs: RunInputs;
  clock: Clock;
  logger: Pick<Logger, 'info'>;
}

/** Named workflows: put, read, deleted. Their runs are snapshots, which nothing of this touches. */
export class DefinitionCatalogue {
  constructor(private readonly parts: CatalogueParts) {}

  /** For whoever resolves a reference. */
  readonly find: GetDefinition = (namespace, name, version) =>
    this.parts.store.get({ namespace, name }, version);

  /**
   * A new version, or the newest one where it is the same.
   * @param given as it came: everything that is wrong with it is told at once
   * @param way by which it came, where it names nobody
   * @throws MultiswarmError `invalid-workflow` with all findings; `body-too-large`
   */
  async put(name: string, given: unknown, way: string): Promise<DefinitionSummary> {
    const { namespace, description, requestedBy = way, ...body } = await this.checked(name, given);
    const text = JSON.stringify(body);
    const bytes = Buffer.byteLength(text);
    if (bytes > LIMITS.DEFINITION_BYTES) throw tooLarge(bytes);
    const about = description === undefined ? {} : { description };
    return this.parts.store.put({
      ...{ namespace, name, requestedBy, ...about },
      createdAt: new Date(this.parts.clock.now()).toISOString(),
      steps: body.tasks.length,
      bodyHash: bodyHash({ ...body, ...about }),
      body: JSON.parse(text) as Record<string, JsonValue>, // as it is stored
    });
  }

  /** @throws MultiswarmError `definition-not-found` */
  async get({ namespace, name, version }: GetDefinitionQuery): Promise<Definition> {
    const found = await this.parts.store.get({ namespace, name }, version);
    if (!found) throw noDefinition(namespace, name, version);
    return found;
  }

  /** The newest version of each, by namespace and name. */
  async list({ namespace, limit, cursor }: ListDefinitionsQuery): Promise<DefinitionPage> {
    const { items, last } = await this.parts.store.list(namespace, decodeNamed(cursor), limit);
    return { items, next: last === undefined ? null : encodeNamed(last) };
  }

  /**
   * All versions, the newest first.
   * @throws MultiswarmError `definition-not-found`
   */
  async versions({ namespace, name, limit, cursor }: ListVersionsQuery): Promise<DefinitionPage> {
    const found = await this.parts.store.versions({ namespace, name }, cursor, limit + 1);
    if (found.length === 0 && cursor === undefined) throw noDefinition(namespace, name, undefined);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items, next: found.length > limit && last ? String(last.version) : null };
  }

  /** @throws MultiswarmError `definition-not-found` */
  async remove({ namespace, name, requestedBy }: DeleteDefinition): Promise<DeletedDefinition> {
    const version = await this.parts.store.remove({ namespace, name });
    if (version === undefined) throw noDefinition(namespace, name, undefined);
    this.parts.logger.info('definition deleted', { namespace, name, version, requestedBy });
    return { namespace, name, version };
  }

  private async checked(name: string, given: unknown): Promise<PutDefinitionBody> {
    const parsed = parse(PutDefinitionBody, given);
    const findings = parsed.ok ? [] : parsed.findings;
    const workflow = workflowIn(given);
    const graph = validateWorkflow(workflow);
    if (!graph.ok) findings.push(...graph.findings);
    findings.push(...this.parts.inputs.schemaFindings(workflow));
    const namespace = parsed.ok ? parsed.value.namespace : 'default';
    findings.push(...(await referenceFaults({ namespace, name }, workflow, this.find)).findings);
    if (parsed.ok && findings.length === 0) return parsed.value;
    const told = unlike(findings).slice(0, LIMITS.FINDINGS);
    throw new MultiswarmError('invalid-workflow', summarize(told), { findings: told });
  }
}

/** What a submission of it would be. */
function workflowIn(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const fields = given as Readonly<Record<string, unknown>>; // an object, by the check
  const { description: _text, requestedBy: _who, ...workflow } = fields;
  return workflow;
}

/** Two who look at the same find the same. */
function unlike(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.pointer} ${finding.message}`, finding])).values()];
}

function tooLarge(bytes: number): MultiswarmError {
  const message = `the definition has ${bytes} bytes, the limit is ${LIMITS.DEFINITION_BYTES} (DEFINITION_BYTES): make parts of it definitions of their own, and workflows inside this one`;
  return new MultiswarmError('body-too-large', message, {
    findings: [{ pointer: '', code: 'body-too-large', message }],
  });
}
