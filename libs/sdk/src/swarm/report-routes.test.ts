import { subjects } from '@multiswarm/contracts';
import { ReportRoutes } from './report-routes';

describe('the routes of reports', () => {
  const home = subjects.shardReport(3);
  const learned = (...dispatches: [epoch: number, reportTo: string | undefined][]): ReportRoutes => {
    const routes = new ReportRoutes();
    for (const [epoch, reportTo] of dispatches)
      routes.learn({ shard: 3, epoch, ...(reportTo === undefined ? {} : { reportTo }) });
    return routes;
  };

  test.each([
    ['nothing is known', learned(), home],
    ['the last dispatch named one', learned([1, 'a'], [1, 'b']), 'b'],
    ['the last dispatch named none', learned([1, 'a'], [1, undefined]), home],
    ['a dispatch of an older epoch named another', learned([2, 'a'], [1, 'b']), 'a'],
  ])('lead where they should when %s', (_when, routes, expected) => {
    expect(routes.subjectOf(3)).toBe(expected);
    expect(routes.subjectOf(4)).toBe(subjects.shardReport(4));
  });

  test('are forgotten until the next dispatch of the same or a newer epoch', () => {
    const routes = learned([2, 'a']);
    routes.forget(3);
    expect(routes.subjectOf(3)).toBe(home);
    routes.learn({ shard: 3, epoch: 1, reportTo: 'old' });
    expect(routes.subjectOf(3)).toBe(home);
    routes.learn({ shard: 3, epoch: 2, reportTo: 'a' });
    expect(routes.subjectOf(3)).toBe('a');
  });
});
