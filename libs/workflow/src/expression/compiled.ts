import { LIMITS } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import { SyntaxFault } from './syntax-fault';

export type Compiled<Name extends string, T> =
  ({ ok: true } & Record<Name, T>) | { ok: false; message: string };

/**
 * Keeps what is compiled of the last `LIMITS.EXPRESSIONS_COMPILED` texts (twice as many at most) that were asked for more than
 * once. A workflow of thousands of steps has thousands of texts that are never seen again: to keep each for a while costs the
 * garbage collector more than to compile them.
 */
export function keepingCompiled<Name extends string, T>(
  name: Name,
  compile: (text: string) => T,
): (text: string) => Compiled<Name, T> {
  const kept = new Recent<string, Compiled<Name, T>>(LIMITS.EXPRESSIONS_COMPILED);
  const seen = new Recent<string, true>(LIMITS.EXPRESSIONS_COMPILED);
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const compiled = attempt(name, compile, text);
    // A text over the limit is not kept: it would hold memory without limit.
    if (text.length <= LIMITS.EXPRESSION_CHARS)
      if (seen.get(text) === true) kept.set(text, compiled);
      else seen.set(text, true);
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
