import fc from 'fast-check';
import { keyedUnique, shardOf, taskId, TaskId, workflowId, WorkflowId } from './ids';

const SHARDS = 16;
const UNIQUE = '0198c2d3e4f5';

test('the shard is read back from the ids that were made with it', () => {
  for (let shard = 0; shard < SHARDS; shard++) {
    expect(TaskId.safeParse(taskId(shard, UNIQUE)).success).toBe(true);
    expect(WorkflowId.safeParse(workflowId(shard, UNIQUE)).success).toBe(true);
    expect(shardOf(taskId(shard, UNIQUE), SHARDS)).toBe(shard);
    expect(shardOf(workflowId(shard, UNIQUE), SHARDS)).toBe(shard);
  }
});

test.each([
  '',
  't',
  't3',
  `t${SHARDS}-${UNIQUE}`,
  `t9999-${UNIQUE}`,
  `t99999-${UNIQUE}`,
  `t-1-${UNIQUE}`,
  `t1.5-${UNIQUE}`,
  `t1e1-${UNIQUE}`,
  `m3-${UNIQUE}`,
  `T3-${UNIQUE}`,
  ` t3-${UNIQUE}`,
  `t3-${UNIQUE}\n`,
  't3-short',
  `t3-${UNIQUE.toUpperCase()}`,
  `t3-${'a'.repeat(41)}`,
  `t3-${UNIQUE}}:lease`,
  `t3-${UNIQUE}*`,
  't٣-0198c2d3e4f5',
])('the forged id %j names no shard', (id) => {
  expect(shardOf(id, SHARDS)).toBeUndefined();
});

test('whatever text is given as an id, the answer is a shard that exists or none', () => {
  const near = fc
    .tuple(fc.constantFrom('t', 'w', 'x'), fc.nat(100_000), fc.string())
    .map(([kind, shard, rest]) => `${kind}${shard}-${UNIQUE}${rest}`);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), fc.integer({ min: 1, max: 9999 }), (id, shards) => {
      const shard = shardOf(id, shards);
      expect(shard === undefined || (Number.isInteger(shard) && shard >= 0 && shard < shards)).toBe(true);
    }),
  );
});

describe('ids of submissions with a key', () => {
  // These go into ids that clients have kept: another value would run accepted work a second time.
  test('never change', () => {
    expect(keyedUnique('task', 'default', 'order-17')).toEqual(KEYED_TASK);
    expect(keyedUnique('workflow', 'default', 'order-17')).toEqual(KEYED_WORKFLOW);
  });

  test('are ids', () => {
    const { unique } = keyedUnique('task', 'default', 'any key at all: \u0000 é 🚀');
    expect(TaskId.safeParse(taskId(0, unique)).success).toBe(true);
  });

  test('differ by kind, namespace and key', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.tuple(
            fc.constantFrom('task' as const, 'workflow' as const),
            fc.constantFrom('a', 'b', 'ab'),
            fc.string({ unit: fc.constantFrom('a', 'b', ':') }),
          ),
          { selector: (parts) => parts.join('\0'), minLength: 2, maxLength: 20 },
        ),
        (submissions) => {
          const ids = submissions.map((parts) => keyedUnique(...parts).unique);
          expect(new Set(ids).size).toBe(ids.length);
        },
      ),
    );
  });

  test('spread over the shards', () => {
    const counts = new Array<number>(SHARDS).fill(0);
    for (let index = 0; index < 1_600; index++)
      counts[keyedUnique('task', 'default', `key-${index}`).hash % SHARDS]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(200);
  });
});

const KEYED_TASK = { unique: '9fb7c4a41179aa558cb3f08220c7cd63', hash: 0x4ceed561 };
const KEYED_WORKFLOW = { unique: '64bed4f1d63f9e6006d672deb00274b1', hash: 0x4a937c6b };
