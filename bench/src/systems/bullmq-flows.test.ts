import { toTree } from './bullmq-flows';

const job = (n: number) => ({ name: 'noop', queueName: 'q', data: { n } });

test('the last step of a chain is the parent of the one before, and so on', () => {
  expect(toTree({ kind: 'chain', length: 3 }, 'q')).toEqual({
    ...job(2),
    children: [{ ...job(1), children: [job(0)] }],
  });
});

test('the join of a fan-out is the parent of all others', () => {
  expect(toTree({ kind: 'fan-out', width: 2 }, 'q')).toEqual({ ...job(2), children: [job(0), job(1)] });
});
