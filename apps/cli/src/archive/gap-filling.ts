import type { Event, EventGap } from '@multiswarm/contracts';
import { Fault } from '../faults';
import type { HttpApi, Query } from '../api/http-api';
import { followPages, type Page } from '../api/pages';
import { paths } from '../api/paths';
import type { Continuity } from './continuity';
import type { ArchiveWriter } from './writer';

export interface GapFillingParts {
  api: HttpApi;
  continuity: Continuity;
  /** What the archive is of: `namespace` and `root` as the stream was asked. */
  filter: Readonly<Record<string, string>>;
  /** Only what happened in `[from, to)`, epoch ms; -Infinity where the archive has what the stream has. */
  from: number;
  to: number;
  /** Brings what stands in files that were written before into `continuity`. */
  recall: () => Promise<void>;
  signal: AbortSignal;
}

/** Events may reach the stream so long after they happened, and clocks differ. */
const LAG_MS = 60_000;
const PAGE_ITEMS = 500;
/** Histories that are asked for together. */
const AT_ONCE = 8;

/** What is read of a task in a list. */
interface Listed {
  id: string;
  workflowId?: string;
}

/**
 * Takes what fell into a gap of the stream from the histories: of every task that changed in its time and is still there, seen
 * before or not, ended or not. So no root has to be remembered as one that may lack something.
 */
export class GapFilling {
  constructor(private readonly parts: GapFillingParts) {}

  /** @returns false where it was broken off: the gap has to be met again then */
  async fill({ reason, before }: EventGap, writer: ArchiveWriter): Promise<boolean> {
    // What a namespace does not want shown any more is no loss.
    if (reason === 'retention') return true;
    const until = before === undefined ? Infinity : before + LAG_MS;
    await this.parts.recall();
    const since = this.since(before);
    if (since === undefined) return true;
    for await (const roots of this.roots(since, until))
      for (let at = 0; at < roots.length; at += AT_ONCE) {
        if (this.parts.signal.aborted) return false;
        const some = roots.slice(at, at + AT_ONCE);
        const histories = await Promise.all(some.map((root) => this.history(root, until)));
        for (const event of histories.flat()) await this.write(event, writer);
      }
    return true;
  }

  private async write(event: Event, writer: ArchiveWriter): Promise<void> {
    const { continuity } = this.parts;
    if (continuity.standing(event).kind === 'repeated') return;
    continuity.note(event);
    await writer.event(event, undefined);
  }

  /** Of an archive of what the stream has, at its beginning: only what goes on behind the gap is of it. */
  private since(before: number | undefined): number | undefined {
    const { from } = this.parts;
    const { newest } = this.parts.continuity;
    if (newest !== undefined) return Math.max(from, newest - LAG_MS);
    if (from !== -Infinity) return from;
    return before === undefined ? undefined : before - LAG_MS;
  }

  /** Each once, page by page. */
  private async *roots(since: number, until: number): AsyncGenerator<string[], void, undefined> {
    const { api, filter } = this.parts;
    const { root, namespace } = filter;
    if (root !== undefined) return void (yield [root]);
    const known = new Set<string>();
    const moment = new Date(Math.max(0, since)).toISOString();
    const createdBefore = until === Infinity ? undefined : new Date(until).toISOString();
    // What has run all the time may have told of its progress.
    const queries: Query[] = [{ updatedAfter: moment }, { state: 'running', updatedBefore: moment }];
    for (const query of queries) {
      const asked = { ...query, createdBefore, namespace, limit: PAGE_ITEMS };
      for await (const { items } of followPages<Listed>(api, paths.tasks, asked)) {
        const roots = new Set(items.map(({ id, workflowId = id }) => workflowId));
        const fresh = [...roots].filter((one) => !known.has(one));
        for (const one of fresh) known.add(one);
        yield fresh;
      }
    }
  }

  private async history(root: string, until: number): Promise<Event[]> {
    const { from, to } = this.parts;
    const events = await historyOf(this.parts.api, root);
    return events.filter(({ at }) => at >= from && at < Math.min(to, until));
  }
}

/** Empty where it has gone. */
export async function historyOf(api: HttpApi, root: string): Promise<Event[]> {
  const path = root.startsWith('w') ? paths.workflowEvents(root) : paths.taskEvents(root);
  try {
    return (await api.get<Page<Event>>(path)).items;
  } catch (error) {
    if (error instanceof Fault && error.status === 404) return [];
    throw error;
  }
}
