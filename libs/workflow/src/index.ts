export type { RunContext, StepFacts } from './context';
export {
  forecast,
  type Forecast,
  type ForecastInput,
  type ForecastStep,
  type StepForecast,
} from './forecast';
export {
  importWfcommons,
  WFCOMMONS_TYPE,
  type Import,
  type ImportedStep,
  type ImportedWorkflow,
} from './import/wfcommons';
export { ExpressionError } from './expression/expression-error';
export { compileCondition, type Condition } from './expression/condition';
export { compilePath, type Path } from './expression/path';
export { bottomLevels, downstreamOf, topologicalOrder, type GraphStep } from './graph';
export * from './drawing';
export { findCycles } from './cycles';
export { validateWorkflow, type WorkflowValidation } from './validate/validate-workflow';
