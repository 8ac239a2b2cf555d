import { rounded } from '../statistics';
import type { Bench } from './bench';
import { bestConcurrency, sideBySide } from './side-by-side';

/** Each system runs with the one of these that suits it best here. */
const CONCURRENCY = [50, 200, 500, 1_000];

/** One batch of no-op tasks: from handing it in until the client knows that all have succeeded. */
export const throughput: Bench = async (options, progress) => {
  const concurrency = await bestConcurrency(options, CONCURRENCY, progress);
  const { own, peer, serverVersions } = await sideBySide(
    options,
    concurrency,
    progress,
    async (system) => options.tasks / ((await system.batch(options.tasks)) / 1_000),
    (perSecond) => `${rounded(perSecond)} tasks/s`,
  );
  const { tasks, runs, appendfsync } = options;
  const settings = { tasks, runs, appendfsync, concurrency, triedConcurrency: CONCURRENCY };
  return [{ bench: 'throughput', metric: 'batch', unit: 'tasks/s', own, peer, settings, serverVersions }];
};
