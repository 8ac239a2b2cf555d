import { isObject, type Event, type EventGap } from '@multiswarm/contracts';
import type { ServerSentEvent } from '../api/server-sent-events';
import { GapFilling, historyOf, type GapFillingParts } from './gap-filling';
import type { ArchiveWriter } from './writer';

export interface RecordingParts extends GapFillingParts {
  /** Said to people, once each. */
  warn: (text: string) => void;
}

/**
 * Brings what a stream of events says into an archive.
 *
 * P1. The events of a root stand in the archive in their order, each once.
 * P2. What is missing between two events of a root is taken from its history; where that does not have it either, the root counts as
 *     one with a hole.
 * P3. What fell into a gap is taken from histories before the gap itself is written: the place behind it comes only when all is there,
 *     so that an archive that is gone on with owes nothing.
 */
export class Recording {
  private readonly filling: GapFilling;

  constructor(private readonly parts: RecordingParts) {
    this.filling = new GapFilling(parts);
  }

  /** @returns whether this was the last that comes */
  async take({ id, event: kind, data }: ServerSentEvent, writer: ArchiveWriter): Promise<boolean> {
    // The server's own contracts, kept as they came.
    const value: unknown = JSON.parse(data);
    if (kind === 'end') {
      const position = isObject(value) ? value['position'] : undefined;
      if (typeof position === 'string') writer.moveTo(position);
      return true;
    }
    if (kind === 'gap') await this.gap(value as EventGap, id, writer);
    else await this.event(value as Event, id ?? '', writer);
    return false;
  }

  private async gap(gap: EventGap, id: string | undefined, writer: ArchiveWriter): Promise<void> {
    this.parts.warn(`gap: ${gap.detail}`);
    if (await this.filling.fill(gap, writer)) writer.gap(gap, id); // P3
  }

  private async event(event: Event, id: string, writer: ArchiveWriter): Promise<void> {
    const { continuity } = this.parts;
    const standing = continuity.standing(event);
    if (standing.kind === 'repeated') return;
    if (standing.kind === 'after-hole')
      for (const missing of await this.history(event, standing.from)) {
        continuity.note(missing);
        await writer.event(missing, undefined);
      }
    if (continuity.note(event).kind === 'after-hole')
      this.parts.warn(
        `${event.root}: events before number ${event.seq} are missing, and its history has gone`,
      );
    await writer.event(event, id);
  }

  /** What the history has from a number on, before the event. */
  private async history({ root, seq }: Event, from: number): Promise<Event[]> {
    const items = await historyOf(this.parts.api, root);
    const { from: since, to: until } = this.parts;
    return items.filter((one) => one.seq >= from && one.seq < seq && one.at >= since && one.at < until);
  }
}
