import * as apps from 'kubernetes-models/apps/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';

/** A Kubernetes object as far as the checks look into it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
}

const KINDS = [
  core.Namespace,
  core.ServiceAccount,
  core.ConfigMap,
  core.Service,
  apps.Deployment,
  apps.StatefulSet,
  networking.NetworkPolicy,
  policy.PodDisruptionBudget,
];

/**
 * Faults of one object against the schema of its kind: wrong types, missing fields, unknown fields. The compiled schemas
 * let unknown fields pass, so the object notes which of its fields are read: one that no schema ever asks for is unknown.
 */
export function faultsOf(object: KubernetesObject): string[] {
  const model = KINDS.find(
    ({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind,
  );
  if (!model) return [`no schema for ${object.apiVersion} ${object.kind}`];
  const unread = new Set<string>();
  try {
    model.prototype.validate.call(watched(object, '', unread));
    return [...unread].map((pointer) => `${pointer}: unknown field`);
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split(', ');
  }
}

/** A copy of the value that takes the pointer of every field out of `unread` when the field is read. */
function watched(value: unknown, pointer: string, unread: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => watched(item, `${pointer}/${index}`, unread));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => {
    unread.add(`${pointer}/${key}`);
    return [key, watched(field, `${pointer}/${key}`, unread)];
  });
  return new Proxy(Object.fromEntries(fields) as object, {
    get(target, key, receiver) {
      if (typeof key === 'string') unread.delete(`${pointer}/${key}`);
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}
