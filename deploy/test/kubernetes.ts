import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { documents, read, ROOT } from './files';
import type { KubernetesObject } from './kubernetes-schema';
import { run } from './run';

export type Workload = IDeployment | IStatefulSet;
type LabelSelector = NonNullable<IPodDisruptionBudget['spec']>['selector'];

export const FOLDERS = ['k8s/base', 'k8s/overlays/dev', 'k8s/overlays/hub'];
/** What runs in a region that is a leaf node: a part of the base. */
export const REGION = 'k8s/overlays/region';

/** Every YAML file under k8s/ that holds objects, and the objects in it. */
export function objectsOfFiles(): [file: string, objects: KubernetesObject[]][] {
  return FOLDERS.flatMap((folder) => yamlFiles(folder)).map((file) => [file, objects(read(file))]);
}

/** What `kubectl kustomize` makes of a folder. */
export async function objectsOfKustomize(folder: string): Promise<KubernetesObject[]> {
  const { stdout, stderr, code } = await run('kubectl', ['kustomize', folder]);
  if (code !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return objects(stdout);
}

/** File names of a folder's objects, without the kustomization itself. */
export function yamlFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
    .map((name) => `${folder}/${basename(name)}`);
}

/** Deployments and StatefulSets; their form is checked by the test of the schemas. */
export function workloads(all: readonly KubernetesObject[]): Workload[] {
  return all.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as Workload[];
}

export const podLabels = (workload: Workload | undefined): Record<string, string> =>
  workload?.spec?.template.metadata?.labels ?? {};

/** Whether the selector takes a pod with these labels; no selector takes none, an empty one takes all. */
export function selects(selector: LabelSelector, labels: Record<string, string>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    selector !== undefined &&
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values }) => operator === 'In' && values?.includes(labels[key] ?? ''),
    )
  );
}

// What is read here goes through the schemas in the first test of kubernetes.test.ts.
const objects = (text: string): KubernetesObject[] => documents(text) as KubernetesObject[];
