import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldMs, orderFaults, parentsOf } from '../wfcommons/order.mjs';

const parents = new Map([
  ['a', []],
  ['b', ['a']],
]);
const event = (seq, type, step, at = seq) => ({ seq, type, step, at });
const right = [
  event(1, 'task.assigned', 'a'),
  event(2, 'task.running', 'a', 100),
  event(3, 'task.succeeded', 'a', 350),
  event(4, 'task.assigned', 'b'),
  event(5, 'task.running', 'b', 400),
  event(6, 'task.succeeded', 'b', 450),
];

test('a run in the order of its parents has no fault', () => {
  assert.deepEqual(orderFaults(parents, right), []);
  assert.equal(heldMs(right), 300);
});

test('a task placed before its parent succeeded is a fault', () => {
  const wrong = [
    event(1, 'task.assigned', 'b'),
    event(2, 'task.assigned', 'a'),
    event(3, 'task.succeeded', 'a'),
    event(4, 'task.succeeded', 'b'),
  ];
  assert.match(
    orderFaults(parents, wrong)[0],
    /b was placed \(event 1\) before its parent a had succeeded \(event 3\)/,
  );
});

test('a task that never succeeded, and a hole in the history, are faults', () => {
  const faults = orderFaults(parents, [event(1, 'task.assigned', 'a'), event(3, 'task.succeeded', 'a')]);
  assert.deepEqual(faults, ['event 2 of the history has the number 3', 'b never succeeded']);
});

test('parents are read from both layouts, by id and by name', () => {
  const newer = {
    workflow: {
      specification: {
        tasks: [
          { id: 'x1', name: 'x', parents: [] },
          { id: 'y1', name: 'y', parents: ['x1'] },
        ],
      },
    },
  };
  const older = {
    workflow: {
      tasks: [
        { id: 'x1', name: 'x', parents: [] },
        { id: 'y1', name: 'y', parents: ['x'] },
      ],
    },
  };
  assert.deepEqual(
    [...parentsOf(newer)],
    [
      ['x1', []],
      ['y1', ['x1']],
    ],
  );
  assert.deepEqual(
    [...parentsOf(older)],
    [
      ['x1', []],
      ['y1', ['x1']],
    ],
  );
});
