import type { Workflow } from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';

/** Of the steps of a run in one answer: NATS carries twice as much, and there are the outputs besides. */
const STEPS_BYTES = 512 * 1024;

/** A run with as many of its steps as one message carries, behind the first `from`. Its outputs go with the first steps. */
export function stepsPart(run: Workflow, from = 0): Workflow {
  const { output: _told, outputRefs: _too, ...others } = run;
  const steps: Workflow['steps'] = [];
  for (let bytes = 0; from + steps.length < run.steps.length;) {
    const step = run.steps[from + steps.length];
    if (!step) break;
    bytes += jsonBytes(step) + 1;
    if (steps.length > 0 && bytes > STEPS_BYTES) break;
    steps.push(step);
  }
  const next = from + steps.length;
  const part: Workflow = { ...(from === 0 ? run : others), steps };
  if (next < run.steps.length) part.nextStep = next;
  return part;
}
