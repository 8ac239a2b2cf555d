import type { Figure } from '../report';
import { rounded } from '../statistics';
import { startDeployment } from '../systems/deployment';
import type { Bench } from './bench';

const LINES = { full: 200_000, quick: 20_000 };
const SLOTS = 2;

/** Log lines of 100 characters of one attempt, said as fast as its process says them, to one watcher over NATS. */
export const streams: Bench = async ({ runs, appendfsync, quick }, progress) => {
  const lines = LINES[quick ? 'quick' : 'full'];
  const rates: number[] = [];
  const lost: number[] = [];
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({
      appendfsync,
      swarms: [{ id: 'bench', slots: SLOTS, type: 'talk' }],
    });
    serverVersions = deployment.serverVersions;
    try {
      const { client, anyFailed } = deployment;
      await (await client.submit('talk', { lines: 100 })).result();
      const from = performance.now();
      const handle = await client.submit('talk', { lines });
      let seen = 0;
      let missing = 0;
      const watch = async (): Promise<void> => {
        for await (const { kind, seq, until = seq } of handle.stream()) {
          if (kind === 'gap') missing += until - seq + 1;
          else seen += 1;
        }
      };
      await Promise.race([watch(), anyFailed]);
      rates.push((1_000 * seen) / (performance.now() - from));
      lost.push((100 * missing) / lines);
      progress(
        `run ${run}/${runs}  ${rounded(rates.at(-1) ?? 0)} lines/s, ${missing} of ${lines} lost, all told`,
      );
      if (seen + missing !== lines)
        throw new Error(`${lines - seen - missing} lines are missing without a word`);
    } finally {
      await deployment.stop();
    }
  }
  const common = { bench: 'streams', settings: { lines, runs, appendfsync }, serverVersions };
  return [
    { ...common, metric: 'to one watcher', unit: 'lines/s', own: { name: 'multiswarm', runs: rates } },
    { ...common, metric: 'dropped, and told', unit: '%', own: { name: 'multiswarm', runs: lost } },
  ] satisfies Figure[];
};
