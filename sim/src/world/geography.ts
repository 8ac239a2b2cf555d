import type { Random } from '@multiswarm/core';
import { between } from './seeds';
import type { Timeline } from './timeline';

/** The site of the stores: Redis and JetStream. */
export const CENTRE = 'centre';
/** How long a cut goes unnoticed: until then what is sent is lost, afterwards everybody knows that nobody is there. */
const NOTICED_AFTER_MS = { from: 0, to: 2_000 };

/** `open`: it arrives. `lost`: it is sent and does not arrive. `none`: it is known that there is nobody. */
export type Way = 'open' | 'lost' | 'none';

/** Which sites reach each other. A site that is cut off reaches itself: it has a NATS server of its own. */
export class Geography {
  private readonly cuts = new Map<string, { noticed: boolean }>();

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Random,
  ) {}

  way(from: string, to: string): Way {
    if (from === to || this.cuts.size === 0) return 'open';
    const cut = this.cuts.get(from) ?? this.cuts.get(to);
    if (!cut) return 'open';
    return cut.noticed ? 'none' : 'lost';
  }

  cut(site: string): void {
    const cut = { noticed: false };
    this.cuts.set(site, cut);
    const after = between(this.random, NOTICED_AFTER_MS.from, NOTICED_AFTER_MS.to);
    this.timeline.in(after, undefined, `cut of ${site} is noticed`, () => {
      cut.noticed = true;
    });
  }

  heal(site: string): void {
    this.cuts.delete(site);
  }

  healAll(): void {
    this.cuts.clear();
  }
}
