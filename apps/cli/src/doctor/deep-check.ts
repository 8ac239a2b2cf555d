import type { ShardCheckReport, ShardFinding, ShardPage } from '@multiswarm/contracts';
import type { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import { EXIT, Fault } from '../faults';

export interface DeepOptions {
  repair: boolean;
  /** All, unless told. */
  shards: readonly number[] | undefined;
  requestedBy: string | undefined;
  reason: string | undefined;
}

export type Finding = ShardFinding & { shard: number };

/** Shards that are checked at the same time: an owner of many has others to serve. */
const AT_ONCE = 4;
const WAIT_MS = 1_000;
/** A shard that changes hands is checked from the beginning, so often at most. */
const TRIES = 5;

/** Checks shards, a few at a time, each by its owner. @param progress is told after every answer */
export async function checkDeeply(
  api: HttpApi,
  options: DeepOptions,
  progress: (reports: readonly ShardCheckReport[], all: number) => void,
): Promise<ShardCheckReport[]> {
  const shards = options.shards ?? (await api.get<ShardPage>(paths.shards)).items.map(({ shard }) => shard);
  const reports = new Map<number, ShardCheckReport>();
  const left = [...shards];
  const worker = async (): Promise<void> => {
    for (let shard = left.shift(); shard !== undefined; shard = left.shift())
      await checkShard(api, shard, options, (report) => {
        reports.set(report.shard, report);
        progress([...reports.values()], shards.length);
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return [...reports.values()].sort((a, b) => a.shard - b.shard);
}

async function checkShard(
  api: HttpApi,
  shard: number,
  { repair, requestedBy, reason }: DeepOptions,
  told: (report: ShardCheckReport) => void,
): Promise<void> {
  let run: string | undefined;
  for (let tries = 0; tries < TRIES;) {
    const body = { repair, waitMs: WAIT_MS, requestedBy, reason, run };
    const report = await api.post<ShardCheckReport>(paths.shardCheck(shard), body).catch(forgotten);
    run = report?.run;
    if (report) told(report);
    if (report?.state === 'done') return;
    if (report?.state === 'running') continue;
    run = undefined;
    tries += 1;
  }
  throw new Fault(`shard ${shard} changes hands again and again`, {
    ...{ code: 'shard-unavailable', exit: EXIT.unavailable },
    hint: 'see the logs of the orchestrators, and try again when they have settled',
  });
}

/** Its owner does not know of the run any more: another one has taken the shard. */
function forgotten(error: unknown): undefined {
  if (error instanceof Fault && error.code === 'check-not-found') return undefined;
  throw error;
}

export function findingsOf(reports: readonly ShardCheckReport[]): Finding[] {
  return reports.flatMap(({ shard, findings }) => findings.map((finding) => ({ shard, ...finding })));
}

/** `16 shards, 120000 records: 3 findings, 2 of them repaired` */
export function deepSum(reports: readonly ShardCheckReport[]): string {
  const sum = (of: (report: ShardCheckReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const found = sum((report) => report.found);
  const repaired = sum((report) => report.repaired);
  const what = found === 0 ? 'nothing is wrong' : `${found} finding${found === 1 ? '' : 's'}`;
  const mended = found > 0 && repaired > 0 ? `, ${repaired} of them repaired` : '';
  return `${reports.length} shards, ${sum((report) => report.looked)} records: ${what}${mended}`;
}
