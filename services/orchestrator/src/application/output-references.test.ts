import {
  MultiswarmError,
  type AttemptReport,
  type PayloadRef,
  type ReportRequest,
} from '@multiswarm/contracts';
import { OutputReferences } from './output-references';

const refOf = (digit: string): PayloadRef => ({ id: `default.${digit.repeat(64)}`, bytes: 300_000 });
const [THERE, MISSING, UNKNOWN] = [refOf('a'), refOf('b'), refOf('c')];

const outputs = new OutputReferences({
  claim: async ({ id }) => {
    if (id === MISSING.id) throw new MultiswarmError('payload-not-found', 'there is none');
    if (id === UNKNOWN.id) throw new MultiswarmError('payload-store-unavailable', 'no answer');
  },
});

function report(outputRef?: PayloadRef): AttemptReport {
  const given = {
    taskId: 't0-00000001',
    attempt: 1,
    startedAt: 0,
    finishedAt: 1,
    outcome: 'succeeded' as const,
  };
  return outputRef ? { ...given, outputRef } : given;
}
function request(...reports: AttemptReport[]): ReportRequest {
  return { v: 1, swarmId: 'a', reports, outcomes: [], progress: [], fetch: 0 };
}

test('only a report with an output by reference is looked into', () => {
  expect(outputs.isIn(request(report(), report()))).toBe(false);
  expect(outputs.isIn(request(report(), report(THERE)))).toBe(true);
  expect(new OutputReferences(undefined).isIn(request(report(THERE)))).toBe(false);
});

test('what is there stays, what is not there is a failure, and what is not known is left to be reported again', async () => {
  const many = Array.from({ length: 40 }, () => report());
  const { reports } = await outputs.checked(
    request(...many, report(THERE), report(UNKNOWN), report(MISSING)),
  );
  expect(reports.slice(0, 41)).toEqual([...many, report(THERE)]);
  expect(reports.slice(41)).toEqual([
    {
      ...report(),
      outcome: 'failed',
      error: { code: 'payload-not-found', message: 'the output: there is none', retryable: true },
    },
  ]);
});
