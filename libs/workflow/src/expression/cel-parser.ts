import { Environment, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import { LIMITS } from '@multiswarm/contracts';
import { SyntaxFault } from './syntax-fault';

let environment = freshEnvironment();
let parsed = 0;

/**
 * The library keeps the name of each function that it is asked for, known or not, and environments share what they keep.
 * With a function of its own an environment has a table of its own, and it is thrown away with it.
 */
function freshEnvironment(): Environment {
  return new Environment({
    unlistedVariablesAreDyn: true,
    limits: { maxAstNodes: LIMITS.EXPRESSION_NODES },
  }).registerFunction('ownTable(): bool', () => true);
}

/** The syntax tree of a CEL expression. */
export function parseCel(text: string): ASTNode {
  if (++parsed % LIMITS.EXPRESSIONS_COMPILED === 0) environment = freshEnvironment();
  try {
    return environment.parse(text).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (error.summary.includes('maxAstNodes'))
      throw new SyntaxFault(`has more than ${LIMITS.EXPRESSION_NODES} nodes (EXPRESSION_NODES)`);
    throw new SyntaxFault(error.summary, error.range?.start);
  }
}
