import { LIMITS, MultiswarmError } from '@multiswarm/contracts';

/** A condition or a path that cannot be evaluated as things are. What it says is for whoever wrote it. */
export class ExpressionError extends MultiswarmError {
  constructor(detail: string) {
    super('expression-failed', detail);
    this.name = 'ExpressionError';
  }
}

/** Nothing absorbs it: `true || <too expensive>` is too expensive, else a condition could cost without limit. */
export class CostError extends ExpressionError {
  constructor() {
    super(`costs more than ${LIMITS.EXPRESSION_COST} steps of evaluation (EXPRESSION_COST)`);
    this.name = 'CostError';
  }
}

/** An error that is made and absorbed takes as long as so many nodes. */
const ERROR_STEPS = 30;

/** The error, if something else may decide in spite of it, as the other side of `||` may. */
export function absorbable(error: unknown, meter: { spend(steps: number): void }): ExpressionError {
  if (!(error instanceof ExpressionError) || error instanceof CostError) throw error;
  meter.spend(ERROR_STEPS);
  return error;
}
