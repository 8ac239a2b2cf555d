export type { RunContext, StepFacts } from './context';
export {
  importWfcommons,
  WFCOMMONS_TYPE,
  type Import,
  type ImportedStep,
  type ImportedWorkflow,
} from './import/wfcommons';
