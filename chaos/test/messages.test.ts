import type { Step } from '../src/faults/plan';
import { printMailReport } from '../src/messages/report';
import { runMailChaos } from '../src/messages/run';
import { OWN_SIZES } from '../src/messages/sizes';

/** Each kind of process once, most of them two at a time, so that it is short; `npm run chaos -- messages` does many more, from a seed. */
const STEPS: Step[] = [
  [
    { kind: 'kill', target: 'communicator-1', forMs: 0 },
    { kind: 'kill', target: 'alpha-1', forMs: 0 },
  ],
  [
    { kind: 'kill', target: 'nats', forMs: 200 },
    { kind: 'kill', target: 'sender-1', forMs: 0 },
  ],
  [
    { kind: 'kill', target: 'beta-1', forMs: 0 },
    { kind: 'freeze', target: 'communicator-2', forMs: 2_300 },
  ],
];

test('messages keep their promises whatever is killed under load: senders, recipients, communicators, the server', async () => {
  const report = await runMailChaos(
    {
      ...{ seed: 1, sizes: OWN_SIZES, everyMs: 15, plan: STEPS, faultsForMs: Infinity },
      ...{ redriveKills: 1, keep: false },
    },
    () => undefined,
  );
  if (report.broken.length > 0) throw new Error(printMailReport(report));
  expect(report).toMatchObject({ faults: STEPS.flat().length, redriveKills: 1 });
  expect(report.accepted).toBeGreaterThan(500);
  expect(Object.keys(report.deadByCause)).toEqual(
    expect.arrayContaining(['expired', 'poison', 'handler-failed']),
  );
});
