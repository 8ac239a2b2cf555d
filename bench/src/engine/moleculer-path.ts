import { ServiceBroker, type Endpoint } from 'moleculer';
import { percentile } from '../statistics';

/** Of its registry, what a broker does for each node that has an action: the part that is not in its types. */
interface Actions {
  add(node: object, service: object, action: object): { next(context: object): Endpoint | null };
}

const WARM_UP = 5_000;

/**
 * How Moleculer chooses among endpoints: `EndpointList.next`, which filters those that are available and takes the next in turn. Without
 * requirements, slots, reservation or receipt, and with nothing else going on: its best case.
 * @returns µs for one choice, p50 and p99
 */
export function moleculerPath(endpoints: number, choices: number): { p50: number; p99: number } {
  const broker = new ServiceBroker({ nodeID: 'here', logger: false });
  const { actions } = broker.registry as unknown as { actions: Actions };
  const action = { name: 'work.run' };
  const add = (number: number): ReturnType<Actions['add']> =>
    actions.add({ id: `node-${number}`, local: false }, { name: 'work' }, action);
  const list = add(0);
  for (let number = 1; number < endpoints; number += 1) add(number);
  const times = new Float64Array(choices);
  for (let at = -WARM_UP; at < choices; at += 1) {
    const from = performance.now();
    const chosen = list.next({});
    const took = performance.now() - from;
    if (chosen === null) throw new Error('Moleculer has chosen nobody');
    if (at >= 0) times[at] = took * 1_000;
  }
  return { p50: percentile([...times], 0.5), p99: percentile([...times], 0.99) };
}
