import type { JsonValue } from '@multiswarm/contracts';
import { celPathOf, isReference, type Reference } from './reference';

/** A condition in CEL, and what it looks at. */
export interface Condition {
  readonly text: string;
  readonly references: readonly Reference<unknown>[];
}

/**
 * A condition over references: cel`${score.output.value} > 0.7 && ${input.mode} != "dry"`. Other values are written as literals,
 * so that a text needs no quotes. The steps that it looks at become dependencies.
 */
export function cel(
  texts: TemplateStringsArray,
  ...values: readonly (Reference<unknown> | JsonValue)[]
): Condition {
  const printed = values.map((value) => (isReference(value) ? celPathOf(value) : JSON.stringify(value)));
  const text = texts.reduce((before, after, at) => `${before}${printed[at - 1] ?? ''}${after}`).trim();
  return { text, references: values.filter(isReference) };
}
