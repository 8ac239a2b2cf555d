import { DispatchRequest, parse, ReportReply } from '@multiswarm/contracts';
import type { z } from 'zod';
import { QuickDispatchRequest, QuickReportReply } from './wire';

const attempt = {
  ...{ taskId: 't3-00000001', attempt: 1, shard: 3, swarmId: 's', type: 'echo', namespace: 'default' },
  ...{ priority: 'normal', input: { a: [1, null] }, resources: { cpu: 0.5, gpu: 1 }, startToCloseMs: 5 },
  ...{ heartbeatMs: 5, signals: [{ name: 'go', payload: null, at: 1 }], requirements: { region: ['eu-*'] } },
  ...{ workflowId: 'w3-00000001', step: 'one', traceparent: '00-1-2-01' },
};
const dispatch = { v: 1, shard: 3, epoch: 2, regionEpoch: 4, reportTo: 'a.b', attempts: [attempt, attempt] };
const reply = {
  v: 1,
  acks: [
    { taskId: 'a', attempt: 1, status: 'recorded' },
    { taskId: 'b', attempt: 2, status: 'moved' },
    { taskId: 'c', attempt: 2, status: 'stale' },
  ],
  next: [dispatch],
};

/** Every place in a value, as a path. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** As it arrives when a sender has put something else there, or nothing. */
function changed(value: unknown, path: readonly string[], change: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1) as string] = change;
  return JSON.parse(JSON.stringify(copy)) as unknown;
}

const LENIENT = /(swarmId|type|namespace|name|step)$|requirements/;

describe.each<[string, z.ZodType, z.ZodType, unknown]>([
  ['a dispatch', QuickDispatchRequest, DispatchRequest, dispatch],
  ['an answer to a report', QuickReportReply, ReportReply, reply],
])('the quick check of %s', (_name, quick, schema, example) => {
  test('takes what fits, as it is', () => {
    expect(quick.parse(example)).toBe(example);
    expect(schema.parse(example)).toEqual(example);
  });

  test('judges as the schema does, and says the same about what is wrong', () => {
    const values = [undefined, null, 0, -1, 1.5, '', 'x', true, [], {}, [null], ['x'], { cpu: -1 }, { x: 1 }];
    for (const path of places(example)) {
      for (const value of values) {
        const given = changed(example, path, value);
        const strict = parse(schema, given);
        const found = parse(quick, given);
        if (!found.ok) expect(found).toEqual(strict);
        // It does not look at the spelling of names, nor at requirements, of which a swarm makes no use.
        else if (!strict.ok) expect(path.join('/')).toMatch(LENIENT);
      }
    }
  });

  test('takes what an older sender leaves out', () => {
    expect(QuickReportReply.parse({ v: 1, acks: [] })).toEqual({ v: 1, acks: [], next: [] });
  });
});
