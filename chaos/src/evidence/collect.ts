import type { Bus } from '@multiswarm/bus';
import type { Client } from '@multiswarm/sdk';
import { EventPage, subjects, Task, TaskPage, type Event, type JsonValue } from '@multiswarm/contracts';

/** Requests under way at once. */
const AT_ONCE = 16;
const PAGE = 500;
const REQUEST_MS = 30_000;

export interface Collected {
  listed: { n: number; id: string }[];
  tasks: Map<string, Task>;
  histories: Map<string, Event[]>;
}

/** Reads everything that there is of these namespaces. */
export async function collect(bus: Bus, client: Client, namespaces: readonly string[]): Promise<Collected> {
  const listed = (await Promise.all(namespaces.map((namespace) => listAll(bus, namespace)))).flat();
  const tasks = new Map<string, Task>();
  const histories = new Map<string, Event[]>();
  const left = [...listed];
  const timeoutMs = REQUEST_MS;
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) {
      const { id } = next;
      const task = await bus.request(subjects.task('get'), { id }, { reply: Task, timeoutMs });
      tasks.set(id, task.outputRef ? { ...task, output: await outputOf(client, id) } : task);
      const history = await bus.request(subjects.task('events'), { id }, { reply: EventPage, timeoutMs });
      histories.set(id, history.items);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { listed, tasks, histories };
}

/** As anybody reads it; what cannot be read is not what its agent has made. */
async function outputOf(client: Client, id: string): Promise<JsonValue> {
  return client
    .task(id)
    .result()
    .catch((error: unknown) => ({ unread: String(error) }));
}

async function listAll(bus: Bus, namespace: string): Promise<Collected['listed']> {
  const found: Collected['listed'] = [];
  let cursor: string | undefined;
  do {
    const query = { namespace, limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page = await bus.request(subjects.task('list'), query, { reply: TaskPage, timeoutMs: REQUEST_MS });
    for (const { id, metadata } of page.items) found.push({ id, n: Number(metadata['n']) });
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
