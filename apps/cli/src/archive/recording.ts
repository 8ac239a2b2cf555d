import { isObject, type Event, type EventGap } from '@multiswarm/contracts';
import { Fault } from '../faults';
import type { HttpApi } from '../api/http-api';
import type { Page } from '../api/pages';
import { paths } from '../api/paths';
import type { ServerSentEvent } from '../api/server-sent-events';
import type { Continuity } from './continuity';
import type { ArchiveWriter } from './writer';

export interface RecordingParts {
  api: HttpApi;
  continuity: Continuity;
  /** Said to people, once each. */
  warn: (text: string) => void;
  /** Only what happened in `[from, to)`, epoch ms, is taken from histories. */
  from: number;
  to: number;
}

/**
 * Brings what a stream of events says into an archive.
 *
 * P1. The events of a root stand in the archive in their order, each once.
 * P2. What is missing between two events of a root, or, after a gap, before the first one that was seen, is taken from its
 *     history; where that does not have it either, the root counts as one with a hole.
 */
export class Recording {
  private hadGap = false;

  constructor(private readonly parts: RecordingParts) {}

  /** @returns whether this was the last that comes */
  async take({ id, event: kind, data }: ServerSentEvent, writer: ArchiveWriter): Promise<boolean> {
    // The server's own contracts, kept as they came.
    const value: unknown = JSON.parse(data);
    if (kind === 'end') {
      const position = isObject(value) ? value['position'] : undefined;
      if (typeof position === 'string') writer.moveTo(position);
      return true;
    }
    if (kind === 'gap') this.gap(value as EventGap, id, writer);
    else await this.event(value as Event, id ?? '', writer);
    return false;
  }

  private gap(gap: EventGap, id: string | undefined, writer: ArchiveWriter): void {
    this.hadGap = true;
    writer.gap(gap, id);
    this.parts.warn(`gap: ${gap.detail}`);
  }

  private async event(event: Event, id: string, writer: ArchiveWriter): Promise<void> {
    const { continuity } = this.parts;
    const standing = continuity.standing(event);
    if (standing.kind === 'repeated') return;
    const from = standing.kind === 'after-hole' ? standing.from : 1;
    if (standing.kind === 'after-hole' || (standing.kind === 'late' && this.hadGap))
      for (const missing of await this.history(event, from)) {
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
    const path = root.startsWith('w') ? paths.workflowEvents(root) : paths.taskEvents(root);
    const { items } = await this.parts.api.get<Page<Event>>(path).catch((error: unknown) => {
      if (error instanceof Fault && error.status === 404) return { items: [] as Event[] };
      throw error;
    });
    const { from: since, to: until } = this.parts;
    return items.filter((one) => one.seq >= from && one.seq < seq && one.at >= since && one.at < until);
  }
}
