export type { RunContext, StepFacts } from './context';
