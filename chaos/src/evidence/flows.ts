import type { Bus } from '@multiswarm/bus';
import { EventPage, subjects, Workflow, type Event } from '@multiswarm/contracts';
import type { FlowSubmission } from '../load/flow-load';

const AT_ONCE = 8;
const REQUEST_MS = 30_000;

/** One workflow, from the client and from the orchestrators. */
export interface SeenFlow {
  readonly submission: FlowSubmission;
  readonly run?: Workflow;
  readonly history: readonly Event[];
  /** The run of the workflow inside it, where that was reached. */
  readonly inside?: { readonly run: Workflow; readonly history: readonly Event[] };
}

/** Reads every workflow that was acknowledged. */
export async function collectFlows(bus: Bus, submissions: readonly FlowSubmission[]): Promise<SeenFlow[]> {
  const seen: SeenFlow[] = [];
  const left = [...submissions];
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) seen.push(await look(bus, next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return seen;
}

async function look(bus: Bus, submission: FlowSubmission): Promise<SeenFlow> {
  const { id } = submission;
  const own = id === undefined ? undefined : await read(bus, id);
  if (!own) return { submission, history: [] };
  const child = own.run.steps.find(({ childId }) => childId !== undefined)?.childId;
  const inside = child === undefined ? undefined : await read(bus, child);
  return { submission, ...own, ...(inside ? { inside } : {}) };
}

/** @returns undefined where there is none */
async function read(bus: Bus, id: string): Promise<{ run: Workflow; history: Event[] } | undefined> {
  const timeoutMs = REQUEST_MS;
  try {
    const run = await bus.request(subjects.workflow('get'), { id }, { reply: Workflow, timeoutMs });
    const { items } = await bus.request(subjects.workflow('events'), { id }, { reply: EventPage, timeoutMs });
    return { run, history: items };
  } catch {
    return undefined;
  }
}
