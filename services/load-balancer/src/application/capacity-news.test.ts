import { ManualClock } from '@multiswarm/core';
import { at, heartbeat } from '../../test/support/builders';
import { GroupCounts } from '../domain/affinity/group-counts';
import { Columns } from '../domain/engine/columns';
import { Reservations } from '../domain/reservations';
import { SwarmSeen } from '../domain/swarm-seen';
import { CapacityNews } from './capacity-news';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function news(): { news: CapacityNews; told: string[] } {
  const told: string[] = [];
  const tell = ({ swarmId }: SwarmSeen, reason: string): void => void told.push(`${swarmId} ${reason}`);
  return { news: new CapacityNews(new ManualClock(), tell), told };
}

const columns = new Columns();
const swarm = (swarmId: string): SwarmSeen =>
  new SwarmSeen(
    columns,
    columns.add(),
    new GroupCounts(),
    new Reservations('r'),
    heartbeat({ swarmId }),
    at(0),
  );

test('each swarm is told once for a turn, with the reason that says most', async () => {
  const { news: gathered, told } = news();
  const [a, b, c] = [swarm('a'), swarm('b'), swarm('c')];
  gathered.add(a, 'freed');
  gathered.add(b, 'freed');
  gathered.add(a, 'freed');
  gathered.add(b, 'changed');
  gathered.add(c, 'joined');
  gathered.add(c, 'freed');
  expect(told).toEqual([]);
  await turn();
  expect(told).toEqual(['a freed', 'b changed', 'c joined']);
});

test('the next turn has its own news', async () => {
  const { news: gathered, told } = news();
  const a = swarm('a');
  gathered.add(a, 'freed');
  await turn();
  gathered.add(a, 'freed');
  await turn();
  await turn();
  expect(told).toEqual(['a freed', 'a freed']);
});
