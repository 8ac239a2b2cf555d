import { NonRetryableError } from '@multiswarm/sdk';
import type { Architecture, Need, Operation, Requirements, Route, Service, Thing } from './documents';

const FIRST_PORT = 8000;
const METHODS = {
  add: 'POST',
  list: 'GET',
  read: 'GET',
  change: 'PUT',
  remove: 'DELETE',
} as const satisfies Record<Operation, string>;

/** One service per thing, in an order in which each finds those that it calls already there. */
export function designArchitecture({ title, things, needs }: Requirements): Architecture {
  const services = inStartOrder(things).map((thing, index) => toService(thing, FIRST_PORT + index, needs));
  return { title, services };
}

function toService(thing: Thing, port: number, needs: readonly Need[]): Service {
  const routes = needs
    .filter((need) => need.thing === thing.name)
    .flatMap((need) => need.operations.map((operation) => toRoute(need.id, operation, thing.name)));
  const calls = thing.refersTo.map((other) => ({ service: `${other}s`, thing: other }));
  return { name: `${thing.name}s`, port, thing, calls, routes };
}

function toRoute(need: string, operation: Operation, thing: string): Route {
  const collection = `/${thing}s`;
  const path = operation === 'add' || operation === 'list' ? collection : `${collection}/{id}`;
  return { need, operation, method: METHODS[operation], path, handler: `${operation}_${thing}` };
}

/** What is referred to comes first. Throws when things refer to each other in a circle: no order would do. */
function inStartOrder(things: readonly Thing[]): Thing[] {
  const ordered: Thing[] = [];
  let left = [...things];
  while (left.length > 0) {
    const ready = left.filter(({ refersTo }) =>
      refersTo.every((name) => ordered.some((one) => one.name === name)),
    );
    if (ready.length === 0) {
      const names = left.map(({ name }) => name).join(', ');
      throw new NonRetryableError('circular-references', `no service of these can start first: ${names}`);
    }
    ordered.push(...ready);
    left = left.filter((thing) => !ready.includes(thing));
  }
  return ordered;
}
