import { LIMITS, type Fill, type MultiswarmError } from '@multiswarm/contracts';
import { SendLane, type SendLaneParts } from './send-lane';
import type { Stored } from './mail-sender';

/** Room in a mailbox that its owner has promised to one sender, and what is on its way there. Times are monotonic milliseconds. */
export interface MailRoom {
  left: number;
  untilMs: number;
  asking: Promise<void> | undefined;
  full: MultiswarmError | undefined;
  /** Why nobody could be asked last. */
  fault: MultiswarmError | undefined;
  timesFull: number;
  /** As the owner said it last. */
  fill: Fill | undefined;
  breaker: Stored['breaker'];
  /** Messages that wait for room, or have just had it: the next ones stay behind them. */
  waiting: number;
  lastOfWaiting: Promise<unknown>;
  readonly lane: SendLane<Stored>;
  /** Grows with each use of any. */
  usedAt: number;
}

/**
 * The rooms of a sender, by recipient.
 *
 * R1. One that something waits for, or on its way to, is never forgotten: the order of what is sent there is in it.
 * R2. Of the others those are forgotten that were not used for longest. What is left of their promises ends at the owner by itself.
 */
export class MailRooms {
  private readonly rooms = new Map<string, MailRoom>();
  private uses = 0;

  constructor(
    private readonly lanes: SendLaneParts,
    private readonly kept: number = LIMITS.MAIL_ROOMS,
  ) {}

  get size(): number {
    return this.rooms.size;
  }

  of(key: string): MailRoom {
    let room = this.rooms.get(key);
    if (room === undefined) {
      if (this.rooms.size >= this.kept) this.forgetIdle();
      room = {
        ...{
          left: 0,
          untilMs: 0,
          asking: undefined,
          full: undefined,
          fault: undefined,
          timesFull: 0,
          fill: undefined,
          breaker: undefined,
        },
        ...{
          waiting: 0,
          lastOfWaiting: Promise.resolve(),
          lane: new SendLane<Stored>(this.lanes),
          usedAt: 0,
        },
      };
      this.rooms.set(key, room);
    }
    room.usedAt = this.uses += 1;
    return room;
  }

  /** A quarter at a time, so that each new recipient does not cost a look at all of them. */
  private forgetIdle(): void {
    const idle = [...this.rooms].filter(([, room]) => isIdle(room));
    idle.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [key] of idle.slice(0, Math.ceil(this.kept / 4))) this.rooms.delete(key);
  }
}

function isIdle({ waiting, asking, lane }: MailRoom): boolean {
  return waiting === 0 && asking === undefined && lane.isIdle;
}
