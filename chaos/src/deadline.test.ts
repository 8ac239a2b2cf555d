import { Deadline } from './deadline';

test('what takes longer fails, with what was done by then', async () => {
  const deadline = new Deadline(20);
  deadline.standing = () => '7 submitted';
  const never = new Promise<void>(() => undefined);
  await expect(deadline.around(never)).rejects.toThrow('not over after 0.0 minutes: 7 submitted');
});

test('what is over in time passes through, and so does its failure', async () => {
  await expect(new Deadline(10_000).around(Promise.resolve(5))).resolves.toBe(5);
  await expect(new Deadline(10_000).around(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
