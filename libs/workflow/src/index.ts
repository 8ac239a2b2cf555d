export type { RunContext, StepFacts } from './context';
export {
  forecast,
  type Forecast,
  type ForecastInput,
  type ForecastStep,
  type StepForecast,
} from './forecast';
export { importWfcommons, WFCOMMONS_TYPE } from './import/wfcommons';
export { detectFormat } from './import/detect';
export { importWorkflow } from './import/import-workflow';
export {
  IMPORT_FORMATS,
  type Imported,
  type ImportedBody,
  type ImportFormat,
  type ImportOptions,
} from './import/imported';
export { ExpressionError } from './expression/expression-error';
export { compileCondition, type Condition } from './expression/condition';
export { compilePath, type Path } from './expression/path';
export { bottomLevels, type GraphStep } from './graph';
export * from './drawing';
export type { StepsAround } from './validate/reading';
export {
  addedStepsFindings,
  insideFindings,
  validateWorkflow,
  type WorkflowValidation,
} from './validate/validate-workflow';
