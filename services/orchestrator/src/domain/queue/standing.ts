import {
  PRIORITIES,
  type LimitStanding,
  type LineStanding,
  type Pace,
  type Priority,
} from '@multiswarm/contracts';
import type { Lane } from './lane';
import type { Lanes } from './lanes';
import type { Limit } from './limit';
import type { Limits } from './limits';
import type { Now } from './now';
import type { TaskTable } from './task-table';
import type { Track } from './track';
import type { TurnOrder } from './turn-order';

/** Tasks, and lanes, that are looked at to count those before one: Q5. */
const LOOKS = 20_000;
const HOLDERS = 10;

export interface StandingParts {
  table: TaskTable;
  limits: Limits;
  lanes: Lanes;
  order: TurnOrder;
  /** Classes that have tasks. */
  classCount: number;
}

/** How one task stands in the line. */
export interface Standing {
  line: LineStanding;
  pace: Pace | undefined;
  limits: LimitStanding[];
}

export function standingOf(parts: StandingParts, row: number, now: Now): Standing {
  const { lane, limits } = parts.table.track(row);
  return {
    line: lineOf(parts, row, now),
    pace: lane.owner.pace.pace(now.monotonic),
    limits: limits.limits
      .filter(({ setting }) => setting !== undefined)
      .map((limit) => limitStanding(parts.limits, limit, now)),
  };
}

function lineOf(parts: StandingParts, row: number, now: Now): LineStanding {
  const { table, lanes, classCount } = parts;
  const { owner } = table.track(row).lane;
  const { band, risesAt } = lanes.standing(table.track(row).lane, now.wall);
  return {
    ...countBefore(parts, row, band),
    ofClass: owner.tasks,
    otherTasks: table.size - owner.tasks,
    otherClasses: classCount - 1,
    band: PRIORITIES[band] as Priority,
    ...(risesAt === undefined ? {} : { risesAt: new Date(risesAt).toISOString() }),
  };
}

/** Those of its class that go before it. */
function countBefore(
  { table, order }: StandingParts,
  row: number,
  band: number,
): Pick<LineStanding, 'before' | 'isLeast'> {
  const own = table.track(row);
  const looks = { left: LOOKS };
  const inOrder = (lane: Lane): number =>
    goingTracks(lane, own).reduce((sum, track) => sum + track.countBefore(table, row, looks), 0);
  const turns = inOrder(own.lane);
  let before = turns;
  for (const lane of own.lane.owner.lanes.values()) {
    if (lane === own.lane || !lane.turn) continue;
    if ((looks.left -= 1) < 0) break;
    const size = goingTracks(lane, own).reduce((sum, track) => sum + track.size, 0);
    const other = lane.turn.parent.band;
    if (other < band) before += size;
    else if (other > band) continue;
    else if (lane.turn === own.lane.turn) before += inOrder(lane);
    else before += Math.min(size, shareOf(lane, own.lane, turns + (order.before(lane, own.lane) ? 1 : 0)));
  }
  return { before, isLeast: looks.left < 0 };
}

/** How many turns one lane has while another has so many. */
function shareOf(lane: Lane, other: Lane, turns: number): number {
  const [stride, otherStride] = [lane.turn?.stride ?? 1, other.turn?.stride ?? 1];
  return Math.round((turns * otherStride) / stride);
}

/** Those of which tasks can go before one of another: what a limit holds is in nobody's way, unless it holds both. */
function goingTracks(lane: Lane, own: Track): Track[] {
  return lane.all.filter(({ heldBy }) => heldBy === undefined || heldBy === own.heldBy);
}

function limitStanding(limits: Limits, limit: Limit, { monotonic, wall }: Now): LimitStanding {
  const { concurrency, rate } = limit.setting ?? {};
  const isUsedUp = limits.free(limit, monotonic) < 1;
  const nextAt = isUsedUp ? limit.nextTokenAt(monotonic) : undefined;
  return {
    ...(limit.key === undefined ? {} : { key: limit.key }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rate === undefined ? {} : { rate }),
    isUsedUp,
    isCounted: limits.isComplete,
    running: limit.running,
    ...(nextAt === undefined ? {} : { nextStartAt: new Date(wall + nextAt - monotonic).toISOString() }),
    heldBy: limits.holders(limit, HOLDERS),
  };
}
