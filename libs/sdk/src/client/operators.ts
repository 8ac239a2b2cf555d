import { OPERATIONS } from './operations';
import type { Port } from './port';
import type { DeadLettersClient, FleetClient, NamespacesClient } from './types';

/** Settings of namespaces. */
export function namespacesOf(port: Port): NamespacesClient {
  return {
    get: (namespace) => port.ask(OPERATIONS.getNamespace, { namespace }),
    list: (page = {}) => port.ask(OPERATIONS.listNamespaces, page),
    put: (namespace, settings, options = {}) =>
      port.ask(OPERATIONS.putNamespace, { namespace, settings, ...options }),
  };
}

/** What failed for good. */
export function deadLettersOf(port: Port): DeadLettersClient {
  return {
    list: (filter = {}) => port.ask(OPERATIONS.listDeadLetters, filter),
    get: (id) => port.ask(OPERATIONS.getDeadLetter, { id }),
    // With a key, so that a repetition redrives none that has failed again meanwhile.
    redrive: (request) =>
      port.ask(OPERATIONS.redriveDeadLetters, { idempotencyKey: port.ids.next(), ...request }),
    purge: (request) => port.ask(OPERATIONS.purgeDeadLetters, request),
  };
}

/** Cordons of swarms. */
export function fleetOf(port: Port): FleetClient {
  const tell =
    (operation: typeof OPERATIONS.cordonSwarm): FleetClient['cordon'] =>
    (id, reason) =>
      port.ask(operation, { id, ...(reason === undefined ? {} : { reason }) });
  return {
    cordon: tell(OPERATIONS.cordonSwarm),
    drain: tell(OPERATIONS.drainSwarm),
    uncordon: tell(OPERATIONS.uncordonSwarm),
  };
}
