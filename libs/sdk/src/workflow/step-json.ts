import { MultiswarmError, summarize, toFindings } from '@multiswarm/contracts';
import { z } from 'zod';
import { definitionOf, type TaskOrType } from '../define-task';
import { isReference, jsonPathOf, type Reference } from './reference';

/** How the input of a step is written: what is known now, and where the rest comes from. */
export interface WrittenInput {
  input?: unknown;
  inputs?: string | Record<string, string>;
  references: readonly Reference<unknown>[];
}

/** @param what names the step in errors */
export function writeInput(what: string, given: unknown): WrittenInput {
  if (isReference(given)) return { inputs: jsonPathOf(given), references: [given] };
  if (!isFields(given))
    return { ...(given === undefined ? {} : { input: known(what, given) }), references: [] };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const references = entries.filter((entry): entry is [string, Reference<unknown>] => isReference(entry[1]));
  const constants = entries.filter(([, value]) => !isReference(value));
  return {
    input: Object.fromEntries(constants.map(([field, value]) => [field, known(`${what}: ${field}`, value)])),
    inputs: Object.fromEntries(references.map(([field, reference]) => [field, jsonPathOf(reference)])),
    references: references.map(([, reference]) => reference),
  };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function known(what: string, value: unknown): unknown {
  if (hasReference(value))
    throw new MultiswarmError(
      'invalid-workflow',
      `${what}: a reference is the whole input or a whole field of it, not a part of one: make it a field of its own`,
    );
  return value;
}

function hasReference(value: unknown): boolean {
  if (isReference(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasReference);
}

/** An input that is known whole is checked before anything runs. */
export function checkKnownInput(
  what: string,
  task: TaskOrType<z.ZodType, z.ZodType>,
  { input, references }: WrittenInput,
): void {
  if (references.length > 0) return;
  const parsed = definitionOf(task).input?.safeParse(input);
  if (!parsed || parsed.success) return;
  const findings = toFindings(parsed.error, ['input']);
  throw new MultiswarmError('invalid-workflow', `${what}: ${summarize(findings)}`, { findings });
}

/** What goes into a step and comes out of it, as JSON Schemas: paths and conditions are checked against them. */
export function schemasOf(input: z.ZodType | undefined, output: z.ZodType | undefined): object | undefined {
  if (!input && !output) return undefined;
  return {
    ...(input ? { input: jsonSchemaOf(input, 'input') } : {}),
    ...(output ? { output: jsonSchemaOf(output, 'output') } : {}),
  };
}

/** What JSON Schema has no word for may be anything. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
