import { LIMITS } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import type { Shape } from '../schema/shape';
import { CelCompiler } from './cel-compiler';
import { parseCel } from './cel-parser';
import { typeFaultOf } from './cel-types';
import { keepingCompiled } from './compiled';
import { Meter } from './meter';

/** A condition in CEL, compiled. */
export interface Condition {
  /** Ids of the steps that it looks at. */
  readonly steps: readonly string[];
  /** Whether it looks at `item` or `index`, which only items of a map have. */
  readonly readsItem: boolean;
  /** @throws ExpressionError where it is no boolean, looks at what is not there, or costs more than `LIMITS.EXPRESSION_COST`. */
  evaluate(context: RunContext): boolean;
  /** What is definitely wrong with its types, where it looks at something like this. */
  typeFault(context: Shape): string | undefined;
}

/** Compiles a condition: CEL over `run`, `steps`, `item` and `index`. Of a text that is asked for again and again the same condition. */
export const compileCondition = keepingCompiled('condition', (text): Condition => {
  const compiler = new CelCompiler(text);
  const tree = parseCel(text);
  const holds = compiler.boolean(tree, []);
  return {
    steps: [...compiler.reads.steps],
    readsItem: compiler.reads.item,
    evaluate: (context) => holds({ context, meter: new Meter(LIMITS.EXPRESSION_COST), local: undefined }),
    typeFault: (context) => typeFaultOf(tree, text, context),
  };
});
