import { MultiswarmError } from '@multiswarm/contracts';
import { spec } from '../../test/support/builders';
import { BATCH_WEIGHT } from './batch-weight';
import type { NewTask } from './intake';
import { Submissions } from './submissions';

const task = (id: string, input: string = ''): NewTask => ({
  id,
  shard: 0,
  keyed: true,
  order: 0,
  spec: spec({ input }),
});

/** Admits everything, and keeps what came together. */
function submissions(admit = (items: readonly NewTask[]) => Promise.resolve(items.map(admitted))) {
  const changes: string[][] = [];
  const gathered = new Submissions(
    (leave: () => void) => void setImmediate(leave),
    (items) => {
      changes.push(items.map(({ id }) => id));
      return admit(items);
    },
  );
  return { changes, submit: (...items: NewTask[]) => gathered.submit(items) };
}

const admitted = ({ id }: NewTask) => ({ id, state: 'queued', duplicate: false });

test('submissions of one turn are one change, in their order, and each caller gets its own answers', async () => {
  const { changes, submit } = submissions();
  const [one, two, none] = await Promise.all([submit(task('a')), submit(task('b'), task('c')), submit()]);
  expect(one.map((answer) => 'id' in answer && answer.id)).toEqual(['a']);
  expect(two.map((answer) => 'id' in answer && answer.id)).toEqual(['b', 'c']);
  expect(none).toEqual([]);
  await submit(task('d'));
  expect(changes).toEqual([['a', 'b', 'c'], ['d']]);
});

test('what is too much for one change is taken in several, and still in order', async () => {
  const { changes, submit } = submissions();
  const large = 'x'.repeat(BATCH_WEIGHT / 3);
  await Promise.all(['a', 'b', 'c'].map((id) => submit(task(id, large))).concat(submit(task('d'))));
  expect(changes).toEqual([['a'], ['b'], ['c', 'd']]);
});

test('a change that fails fails for all who are in it, and for nobody else', async () => {
  const gone = new MultiswarmError('shard-unavailable', 'changing hands');
  const { submit } = submissions((items) =>
    items[0]?.id === 'a' ? Promise.reject(gone) : Promise.resolve(items.map(admitted)),
  );
  expect(await Promise.allSettled([submit(task('a')), submit(task('b'))])).toEqual([
    { status: 'rejected', reason: gone },
    { status: 'rejected', reason: gone },
  ]);
  expect(await submit(task('c'))).toHaveLength(1);
});
