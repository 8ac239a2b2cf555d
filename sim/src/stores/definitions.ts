import type { DefinitionStore } from '../../../services/orchestrator/src/ports';

/** A deployment in which nobody has put any. */
export const noDefinitions: DefinitionStore = {
  put: () => Promise.reject(new Error('nobody puts definitions here')),
  get: () => Promise.resolve(undefined),
  list: () => Promise.resolve({ items: [], last: undefined }),
  versions: () => Promise.resolve([]),
  remove: () => Promise.resolve(undefined),
};
