import {
  MultiswarmError,
  type AttemptReport,
  type PayloadRef,
  type ReportRequest,
} from '@multiswarm/contracts';
import { deferred, ManualClock, type Deferred } from '@multiswarm/core';
import { pass } from '@multiswarm/testing';
import type { Description } from '../payload-ports';
import { OutputReferences } from './output-references';

const refOf = (digit: string): PayloadRef => ({ id: `default.${digit.repeat(64)}`, bytes: 300_000 });
const [THERE, MISSING, UNKNOWN, SILENT] = [refOf('a'), refOf('b'), refOf('c'), refOf('d')];

function trial() {
  const clock = new ManualClock();
  const silent: Deferred<void>[] = [];
  const claim = async ({ id }: PayloadRef): Promise<void> => {
    if (id === MISSING.id) throw new MultiswarmError('payload-not-found', 'there is none');
    if (id === UNKNOWN.id) throw new MultiswarmError('payload-store-unavailable', 'no answer');
    if (id !== SILENT.id) return;
    silent.push(deferred());
    await silent.at(-1)?.promise;
  };
  const find = (): Promise<Description> => Promise.reject(new Error('nothing is full'));
  return { clock, silent, outputs: new OutputReferences({ claim, find }, clock) };
}

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
const failed = (message: string): AttemptReport => ({
  ...report(),
  outcome: 'failed',
  error: { code: 'payload-not-found', message: `the output: ${message}`, retryable: true },
});
function request(...reports: AttemptReport[]): ReportRequest {
  return { v: 1, swarmId: 'a', reports, outcomes: [], progress: [], fetch: 0 };
}

test('only a report with an output by reference is looked into', () => {
  const { outputs } = trial();
  expect(outputs.isIn(request(report(), report()))).toBe(false);
  const lost: AttemptReport = { ...report(THERE), outcome: 'lost' };
  const both = request(report(), report(THERE), lost);
  expect(outputs.isIn(both)).toBe(true);
  const { plain, referring } = outputs.parted(both);
  expect([plain.reports, referring]).toEqual([[report(), lost], [report(THERE)]]);
});

test('what is there stays, what is not there is a failure, and what is not known is left to be reported again', async () => {
  const many = Array.from({ length: 40 }, () => report(THERE));
  const checked = await trial().outputs.checked([...many, report(UNKNOWN), report(MISSING)]);
  expect(checked.slice(0, 40)).toEqual(many);
  expect(checked.slice(40)).toEqual([failed('there is none')]);
});

test('a claim without an answer holds up its message for half a second, however many there are', async () => {
  const { clock, outputs } = trial();
  let checked: AttemptReport[] | undefined;
  const many = Array.from({ length: 70 }, () => report(SILENT));
  void outputs.checked([report(THERE), ...many]).then((known) => (checked = known));
  await pass(clock, 450);
  expect(checked).toBeUndefined();
  await pass(clock, 50);
  expect(checked).toEqual([report(THERE)]);
});

test.each([
  ['is there', (claim: Deferred<void>) => claim.resolve(), [report(SILENT)]],
  [
    ...(['is not there'] as const),
    (claim: Deferred<void>) => claim.reject(new MultiswarmError('payload-not-found', 'gone')),
    [failed('gone')],
  ],
])(
  'the repetition of a report gets the answer that came too late for the one before: it %s',
  async (_what, answer, known) => {
    const { clock, silent, outputs } = trial();
    for (let time = 0; time < 2; time++) {
      const late = outputs.checked([report(SILENT)]);
      await pass(clock, 500);
      expect(await late).toEqual([]);
    }
    expect(silent).toHaveLength(1);
    silent.forEach(answer);
    expect(await outputs.checked([report(SILENT)])).toEqual(known);
    void outputs.checked([report(SILENT)]); // an answer is used once
    expect(silent).toHaveLength(2);
  },
);
