import { topicMatches, type TopicSubscription } from '@multiswarm/contracts';
import fc from 'fast-check';
import { SubscriptionTable } from './subscription-table';

const PATTERNS = ['a', 'a.b', 'a.*', 'a.>', '>', '*.b'];
const TOPICS = ['a', 'a.b', 'a.b.c', 'b.b', 'c'];

const told = fc.record({
  id: fc.constantFrom('1', '2', '3'),
  revision: fc.nat(20),
  behind: fc.boolean(),
  next: fc.integer({ min: 1, max: 4 }),
  isOwn: fc.boolean(),
  isGone: fc.boolean(),
});

/** What does not change of a subscription follows from its id. */
function subscriptionOf({
  id,
  behind,
  next,
}: {
  id: string;
  behind: boolean;
  next: number;
}): TopicSubscription {
  const pattern = PATTERNS[Number(id)] ?? '>';
  const fixed = { mailbox: `m${id}`, createdAt: '2026-01-01T00:00:00.000Z' };
  return { ...fixed, id, behind, next, pattern, namespace: Number(id) % 2 === 0 ? 'even' : 'odd' };
}

test('whatever is told, in whatever order, the table says what the newest revisions say', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 30 }), fc.boolean(), (tellings, isKeeper) => {
      const table = new SubscriptionTable();
      table.isKeeper = isKeeper;
      const newest = new Map<string, { subscription: TopicSubscription; revision: number }>();
      for (const { isGone, isOwn, revision, ...each } of tellings) {
        const subscription = subscriptionOf(each);
        if (isGone) {
          table.remove(each.id);
          newest.delete(each.id);
          continue;
        }
        table.note(subscription, revision, isOwn);
        if ((newest.get(each.id)?.revision ?? -1) >= revision) continue;
        const behind = subscription.behind || (isKeeper && !isOwn);
        newest.set(each.id, { subscription: { ...subscription, behind }, revision });
      }
      const rows = [...newest.values()].map(({ subscription }) => subscription);
      const ids = (list: TopicSubscription[]): string[] => list.map(({ id }) => id).sort();
      expect(table.size).toBe(rows.length);
      expect(ids(table.behind())).toEqual(ids(rows.filter(({ behind }) => behind)));
      for (const topic of TOPICS) {
        for (const namespace of ['odd', 'even']) {
          const expected = rows.filter(
            (row) =>
              row.namespace === namespace && !row.behind && row.next <= 2 && topicMatches(row.pattern, topic),
          );
          expect(ids(table.currentFor(namespace, topic, 2))).toEqual(ids(expected));
        }
      }
    }),
  );
});

test('whoever keeps the subscriptions does not believe others that one has caught up, and believes himself', () => {
  const table = new SubscriptionTable();
  const subscription = subscriptionOf({ id: '4', behind: false, next: 1 });
  table.isKeeper = true;
  table.note(subscription, 1, false);
  expect(table.currentFor('even', 'x', 5)).toEqual([]);
  table.note(subscription, 2, true);
  expect(table.currentFor('even', 'x', 5)).toHaveLength(1);
});
