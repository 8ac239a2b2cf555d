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
