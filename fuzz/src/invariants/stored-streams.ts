import type { Bus } from '@multiswarm/bus';
import { streams, subjects } from '@multiswarm/contracts';
import type { Accepted } from './accepted';
import type { Runs } from './runs';

const ALL = subjects.attemptStream('*', 0).replace(/0$/, '*');
const PREFIX = subjects.attemptStream('', 0).split('..')[0] ?? '';

/** What is in the streams of attempts although no swarm has said that it takes that attempt. */
export async function strayStreams({ connection }: Bus, accepted: Accepted, runs: Runs): Promise<string[]> {
  const asked = JSON.stringify({ subjects_filter: ALL });
  const reply = await connection.request(`$JS.API.STREAM.INFO.${streams.attempts}`, asked);
  const { state } = reply.json<{ state?: { subjects?: Record<string, number> } }>();
  return Object.keys(state?.subjects ?? {}).flatMap((subject) => {
    const [taskId = '', attempt = ''] = subject.slice(PREFIX.length + 1).split('.');
    const isKnown = accepted.has(taskId) || runs.has(`${taskId}#${attempt}`);
    return isKnown ? [] : [`${subject} has been said, by an attempt that nobody was told of`];
  });
}
