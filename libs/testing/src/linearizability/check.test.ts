import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { checkByKey, checkLinearizable, type Operation } from './check';
import { registerModel, textModel, type RegisterCall } from './models';
import { NIL, parseRegisterLog, parseTextLog } from './recorded';

type Call = RegisterCall<number>;
const model = registerModel<number>(0);

const read = (value: number, begin: number, end?: number): Operation<Call> => ({
  call: { kind: 'read', value },
  begin,
  end,
});
const write = (value: number, begin: number, end?: number): Operation<Call> => ({
  call: { kind: 'write', value },
  begin,
  end,
});
const cas = (
  from: number,
  to: number,
  done: boolean | undefined,
  begin: number,
  end?: number,
): Operation<Call> => ({
  call: { kind: 'cas', from, to, done },
  begin,
  end,
});

test.each<[string, Operation<Call>[]]>([
  ['nothing happened', []],
  ['a read sees what was written before', [write(1, 0, 1), read(1, 2, 3)]],
  ['a read that overlaps a write sees it', [write(1, 0, 5), read(1, 1, 2), read(1, 3, 4)]],
  ['a read that overlaps a write does not see it', [write(1, 0, 5), read(0, 1, 2)]],
  ['calls that touch in one moment overlap', [write(1, 0, 3), read(0, 3, 4)]],
  ['a write without an answer takes effect much later', [write(1, 0), read(0, 1, 2), read(1, 3, 4)]],
  ['a write without an answer never takes effect', [write(1, 0), read(0, 1, 2), read(0, 3, 4)]],
  ['one of two compare-and-sets wins', [cas(0, 1, true, 0, 5), cas(0, 2, false, 1, 6), read(1, 7, 8)]],
])('it is linearizable that %s', (_what, operations) => {
  expect(checkLinearizable(model, operations)).toBe('linearizable');
});

test.each<[string, Operation<Call>[]]>([
  ['a read is stale', [write(1, 0, 1), read(0, 2, 3)]],
  ['a read sees what nobody wrote', [read(7, 0, 1)]],
  ['a value is seen, and then not any more', [write(1, 0, 9), read(1, 1, 2), read(0, 3, 4)]],
  ['both of two compare-and-sets win', [cas(0, 1, true, 0, 5), cas(0, 2, true, 1, 6)]],
  ['a compare-and-set fails although it is met', [cas(0, 1, false, 0, 1)]],
  ['a write without an answer takes effect, and then not', [write(1, 0), read(1, 1, 2), read(0, 3, 4)]],
])('it is not linearizable that %s', (_what, operations) => {
  expect(checkLinearizable(model, operations)).toBe('not-linearizable');
});

test('a search that has no steps left is undecided', () => {
  expect(checkLinearizable(model, [write(1, 0, 1), read(1, 2, 3)], 1)).toBe('undecided');
});

/** Every order that keeps those that do not overlap: the definition itself. */
function byDefinition(operations: readonly Operation<Call>[], state = 0): boolean {
  if (operations.every(({ end }) => end === undefined)) return true;
  return operations.some((next, index) => {
    const others = operations.filter((_, other) => other !== index);
    if (others.some(({ end = Infinity }) => end < next.begin)) return false;
    const after = model.step(state, next.call, next.end !== undefined);
    return after !== undefined && byDefinition(others, after);
  });
}

const value = fc.integer({ min: 0, max: 2 });
const anyCall: fc.Arbitrary<Call> = fc.oneof(
  value.map((read): Call => ({ kind: 'read', value: read })),
  value.map((written): Call => ({ kind: 'write', value: written })),
  fc.record({ kind: fc.constant('cas' as const), from: value, to: value, done: fc.boolean() }),
);
const anyOperation = fc
  .record({ call: anyCall, begin: fc.nat(12), took: fc.option(fc.nat(6), { nil: undefined, freq: 6 }) })
  .map(({ call, begin, took }): Operation<Call> =>
    took === undefined
      ? { call: call.kind === 'cas' ? { ...call, done: undefined } : call, begin, end: undefined }
      : { call, begin, end: begin + took },
  );

test('the search says of every short history what the definition says', () => {
  const verdicts = new Set<string>();
  fc.assert(
    fc.property(fc.array(anyOperation, { maxLength: 6 }), (operations) => {
      const verdict = checkLinearizable(model, operations);
      verdicts.add(verdict);
      expect(verdict).toBe(byDefinition(operations) ? 'linearizable' : 'not-linearizable');
    }),
    { numRuns: 1_000 },
  );
  expect(verdicts.size).toBe(2);
});

test('what a real register does is linearizable, however its calls overlap', () => {
  const steps = fc.array(fc.record({ call: anyCall, before: fc.nat(5), behind: fc.nat(5) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, (given) => {
      let state = 0;
      const operations = given.map(({ call, before, behind }, time): Operation<Call> => {
        const told = answered(call, state);
        state = model.step(state, told, true) ?? state;
        return { call: told, begin: 10 * time - 10 * before, end: 10 * time + 10 * behind + 1 };
      });
      expect(checkLinearizable(model, operations)).toBe('linearizable');
    }),
  );
});

function answered(call: Call, state: number): Call {
  if (call.kind === 'read') return { kind: 'read', value: state };
  return call.kind === 'cas' ? { ...call, done: call.from === state } : call;
}

const recorded = (file: string): string =>
  readFileSync(join(__dirname, '../../test/fixtures/histories', file), 'utf8');

test('recorded histories of a register have the verdicts that they are known to have', () => {
  const verdict = (file: string): string =>
    checkLinearizable(registerModel<number>(NIL), parseRegisterLog(recorded(file)));
  expect([verdict('etcd_001.log'), verdict('etcd_005.log')]).toEqual(['not-linearizable', 'linearizable']);
});

test('recorded histories of a store of texts have the verdicts that they are known to have', () => {
  const verdict = (file: string): object =>
    checkByKey(textModel(), parseTextLog(recorded(file)), ({ key }) => key);
  expect(verdict('c10-ok.txt')).toEqual({ verdict: 'linearizable', of: [] });
  expect(verdict('c10-bad.txt')).toMatchObject({ verdict: 'not-linearizable' });
});
