import { isTerminal, keys, type ShardFinding } from '@multiswarm/contracts';
import { isDeadLetter } from '../../domain/task/dead-letter';
import { isHeld, isLone, type TaskRecord } from '../../domain/task/record';
import type { RunPlaces, ShardInspector, TaskPlaces } from './inspector';

type Finding = Omit<ShardFinding, 'repaired'>;

const REWRITE = 'the task is entered again where its record says';
const NOWHERE = 'nowhere';

/** Where a task should be found, and is not, or is found and should not be. All of it of one moment. */
export function misplaced(
  shard: number,
  places: TaskPlaces,
  { factsOf, payloadsOf }: Pick<ShardInspector, 'factsOf' | 'payloadsOf'>,
): Finding[] {
  const { id, record } = places;
  if (!record) return [withoutRecord(shard, places)];
  const findings: Finding[] = [];
  const expect = (
    kind: Finding['kind'],
    where: string,
    expected: number | string | undefined,
    found: number | string | undefined,
  ): void => {
    if (expected === found) return;
    findings.push({ kind, where, of: id, expected: told(expected), found: told(found), remedy: REWRITE });
  };
  expect('unlisted', keys.tasks(shard), record.createdAt, places.listedAt);
  const group = groupOf(record);
  expect(
    'waiting-index',
    keys.waitingTasks(shard),
    group === 'waiting' ? record.order : undefined,
    places.waitingAt,
  );
  expect('active-index', keys.activeTasks(shard), isMember(group === 'active'), isMember(places.isActive));
  const isLetter = isDeadLetter(record);
  expect('dead-letter-index', keys.deadLetters(shard), isLetter ? record.since : undefined, places.letterAt);
  expect(
    'dead-letter-index',
    keys.deadLetterFacts(shard),
    isLetter ? factsOf(record) : undefined,
    places.letterFacts,
  );
  expect('payload-index', keys.payloadRefs(shard), payloadsOf(record), places.payloads);
  const expires = isLone(record) && isTerminal(record.state);
  if (expires !== (places.expiresAt !== undefined))
    findings.push({
      ...{ kind: 'expiry-index', where: keys.ended(shard), of: id, remedy: REWRITE },
      expected: expires ? 'a time at which it expires' : NOWHERE,
      found: told(places.expiresAt),
    });
  return findings;
}

export function misplacedRun(
  shard: number,
  { id, run, unreadable, isActive, expiresAt, listedAt }: RunPlaces,
): Finding[] {
  const where = keys.activeWorkflows(shard);
  if (unreadable !== undefined)
    return [
      {
        ...{ kind: 'run-unreadable', where: keys.workflow(shard, id), of: id, found: unreadable },
        expected: 'the record of the run',
        remedy: 'none is made: restore it from a backup, or mend the hash by hand',
      },
    ];
  if (!run) return []; // what that means depends on what leads to it: see RunsCheck
  const findings: Finding[] = [];
  const running = run.run.state === 'running';
  const remedy = 'the run is entered again where its record says';
  if (running !== isActive)
    findings.push({
      kind: 'run-index',
      where,
      of: id,
      expected: isMember(running),
      found: isMember(isActive),
      remedy,
    });
  if (listedAt !== run.run.createdAt)
    findings.push({
      ...{ kind: 'run-index', where: keys.workflows(shard), of: id, remedy },
      ...{ expected: told(run.run.createdAt), found: told(listedAt) },
    });
  if (running !== (expiresAt === undefined))
    findings.push({
      ...{ kind: 'run-index', where: keys.ended(shard), of: id, remedy, found: told(expiresAt) },
      expected: running ? NOWHERE : 'a time at which it expires',
    });
  return findings;
}

/** Active is what an owner must know before it serves: placed tasks, and every step that has not ended. */
function groupOf(record: TaskRecord): 'active' | 'waiting' | undefined {
  if (isTerminal(record.state)) return undefined;
  return isHeld(record) || !isLone(record) ? 'active' : 'waiting';
}

function withoutRecord(shard: number, { id, unreadable }: TaskPlaces): Finding {
  const where = keys.specs(shard);
  if (unreadable !== undefined)
    return {
      ...{ kind: 'record-unreadable', where, of: id, expected: 'a task', found: unreadable },
      remedy: 'none is made: restore it from a backup, or remove the field by hand',
    };
  return {
    ...{ kind: 'record-missing', where, of: id, expected: 'the record of a task', found: NOWHERE },
    remedy: 'what else there is of it is removed',
  };
}

function told(value: number | string | undefined): string {
  return value === undefined ? NOWHERE : String(value);
}

function isMember(is: boolean): string {
  return is ? 'a member' : NOWHERE;
}
