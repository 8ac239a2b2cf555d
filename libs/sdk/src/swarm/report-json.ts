import { Printed } from '@multiswarm/bus';
import type { AttemptReport, PayloadRef, ReportRequest, TaskError, Usage } from '@multiswarm/contracts';

/** An `AttemptReport` before it is printed: what is undefined is left out. */
export interface ReportParts extends Omit<AttemptReport, 'output' | 'outputRef' | 'error' | 'usage'> {
  outputRef: PayloadRef | undefined;
  error: TaskError | undefined;
  usage: Usage | undefined;
}

/**
 * A report as JSON. It is printed once, when its attempt ends, and travels as it is, however often it is sent.
 * @param output as JSON; undefined where there is none
 */
export function printReport(report: ReportParts, output: string | undefined): string {
  const rest = JSON.stringify(report);
  return output === undefined ? rest : `${rest.slice(0, -1)},"output":${output}}`;
}

/** A message of reports that are printed already. */
export function printMessage(message: Omit<ReportRequest, 'reports'>, reports: readonly string[]): Printed {
  return new Printed(`${JSON.stringify(message).slice(0, -1)},"reports":[${reports.join()}]}`);
}
