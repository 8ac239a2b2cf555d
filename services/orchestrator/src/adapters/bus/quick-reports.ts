import {
  AttemptReport,
  isCount,
  isListOf,
  isObject,
  isPlainJson,
  quick,
  ReportRequest,
  type Unknown,
} from '@multiswarm/contracts';

/** Reports as busy swarms send them, a thousand in one message: beside its envelope, zod is asked only for what is unusual. */
export const QuickReportRequest = quick(ReportRequest, isReportRequest);

const Envelope = ReportRequest.pick({
  v: true,
  swarmId: true,
  region: true,
  regionEpoch: true,
  instance: true,
  id: true,
});
const OUTCOMES: ReadonlySet<unknown> = new Set(AttemptReport.shape.outcome.options);

function isReportRequest(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { reports, outcomes, progress, fetch } = value;
  return (
    isListOf(reports, isPlainReport) &&
    isListOf(outcomes, isPlainOutcome) &&
    isListOf(progress, nothing) &&
    isCount(fetch, 0) &&
    Envelope.safeParse(value).success
  );
}

function isPlainReport({
  taskId,
  attempt,
  outcome,
  output,
  outputRef,
  error,
  startedAt,
  finishedAt,
  usage,
}: Unknown): boolean {
  return (
    typeof taskId === 'string' &&
    isCount(attempt, 1) &&
    OUTCOMES.has(outcome) &&
    (output === undefined || isPlainJson(output)) &&
    outputRef === undefined &&
    error === undefined &&
    isCount(startedAt, 0) &&
    isCount(finishedAt, 0) &&
    usage === undefined
  );
}

function isPlainOutcome({ taskId, attempt, outcome, reason, placement }: Unknown): boolean {
  return (
    typeof taskId === 'string' &&
    isCount(attempt, 1) &&
    outcome === 'accepted' &&
    reason === undefined &&
    placement === undefined
  );
}

function nothing(): boolean {
  return false;
}
