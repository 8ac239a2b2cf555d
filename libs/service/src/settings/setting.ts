import type { ValueType } from './value-types';

export const SERVICES = ['orchestrator', 'load-balancer', 'communicator'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Setting<T> {
  type: ValueType<T>;
  default: NoInfer<T>;
  description: string;
  /** `ms`, or what is counted; shares and words have none. */
  unit?: string;
  services: readonly ServiceName[];
  /** `later`: known and validated, but without effect yet; setting it is answered by a warning. */
  since: 'now' | 'later';
  /** What comes later; for single values of a setting that has an effect now, see `laterValues`. */
  laterNote?: string;
  /** Values that are known but have no effect yet: the default is used instead, with a warning. */
  laterValues?: readonly NoInfer<T>[];
  /** Other keys that the configuration file may use. */
  aliases?: readonly string[];
}

/** Keeps the value's type; `as const` tables would freeze defaults into literal types. */
export function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}
