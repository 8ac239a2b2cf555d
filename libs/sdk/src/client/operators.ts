import { OPERATIONS } from './operations';
import type { Port } from './port';
import type { FleetClient, NamespacesClient } from './types';

/** Settings of namespaces. */
export function namespacesOf(port: Port): NamespacesClient {
  return {
    get: (namespace) => port.ask(OPERATIONS.getNamespace, { namespace }),
    list: (page = {}) => port.ask(OPERATIONS.listNamespaces, page),
    put: (namespace, settings, options = {}) =>
      port.ask(OPERATIONS.putNamespace, { namespace, settings, ...options }),
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
