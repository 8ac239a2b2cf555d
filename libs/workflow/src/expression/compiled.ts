import { LIMITS } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import { SyntaxFault } from './syntax-fault';

export type Compiled<Name extends string, T> =
  ({ ok: true } & Record<Name, T>) | { ok: false; message: string };

/** Compiles each text once, as long as it is among the last `LIMITS.EXPRESSIONS_COMPILED` (twice as many at most). */
export function compilingOnce<Name extends string, T>(
  name: Name,
  compile: (text: string) => T,
): (text: string) => Compiled<Name, T> {
  const recent = new Recent<string, Compiled<Name, T>>(LIMITS.EXPRESSIONS_COMPILED);
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const compiled = attempt(name, compile, text);
    // A text over the limit is not kept: it would hold memory without limit.
    if (text.length <= LIMITS.EXPRESSION_CHARS) recent.set(text, compiled);
    return compiled;
  };
}

function attempt<Name extends string, T>(
  name: Name,
  compile: (text: string) => T,
  text: string,
): Compiled<Name, T> {
  if (text.length > LIMITS.EXPRESSION_CHARS)
    return { ok: false, message: `longer than ${LIMITS.EXPRESSION_CHARS} characters (EXPRESSION_CHARS)` };
  try {
    return { ok: true, [name]: compile(text) }; // the computed key loses its name
  } catch (error) {
    if (error instanceof SyntaxFault) return { ok: false, message: error.message };
    throw error;
  }
}
