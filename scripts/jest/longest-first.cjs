const { sep } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** Files that take more than 20 s on two cores, the longest first. */
const LONGEST = [
  'e2e/dev.e2e.test.ts',
  'e2e/trouble.e2e.test.ts',
  'chaos/test/chaos.test.ts',
  'services/orchestrator/test/replicas.test.ts',
  'e2e/examples.e2e.test.ts',
  'e2e/replicas.e2e.test.ts',
  'chaos/test/messages.test.ts',
  'services/orchestrator/test/regions.test.ts',
  'fuzz/test/fuzz.test.ts',
  'chaos/test/shared-state.test.ts',
  'apps/cli/test/swarm-run.test.ts',
  'examples/delivery/test/chain.test.ts',
];

/**
 * Where nothing has run before, jest goes by the size of a file, and a small one that takes a minute may come last, beside an idle core. These
 * come first then; a machine that has run a test knows how long it took, and jest goes by that.
 */
module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    if (tests.every(({ duration }) => typeof duration === 'number')) return sorted;
    const rank = new Map(sorted.map((test) => [test, rankOf(test.path)]));
    return sorted.sort((left, right) => rank.get(left) - rank.get(right));
  }
};

function rankOf(path) {
  const at = LONGEST.findIndex((file) => path.endsWith(file.replaceAll('/', sep)));
  return at < 0 ? LONGEST.length : at;
}
