import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import { documents, read, ROOT } from './files';
import type { KubernetesObject } from './kubernetes-schema';
import { installed, run } from './run';

export type Workload = IDeployment | IStatefulSet;

const FOLDERS = ['k8s/base', 'k8s/overlays/dev'];

/** Every YAML file under k8s/ that holds objects, and the objects in it. */
export function objectsOfFiles(): [file: string, objects: KubernetesObject[]][] {
  return FOLDERS.flatMap((folder) => yamlFiles(folder)).map((file) => [file, objects(read(file))]);
}

/** What `kubectl kustomize` makes of each folder; empty where kubectl is not installed. */
export async function objectsOfKustomize(): Promise<[folder: string, objects: KubernetesObject[]][]> {
  if (!(await installed('kubectl', 'version', '--client'))) return [];
  return Promise.all(
    FOLDERS.map(async (folder): Promise<[string, KubernetesObject[]]> => {
      const { stdout, stderr, code } = await run('kubectl', ['kustomize', folder]);
      if (code !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
      return [folder, objects(stdout)];
    }),
  );
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

export const podLabels = (workload: Workload): Record<string, string> =>
  workload.spec?.template.metadata?.labels ?? {};

/** Whether every label that a selector asks for is there. */
export function selects(
  selector: Record<string, string> | undefined,
  labels: Record<string, string>,
): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

// What is read here goes through the schemas in the first test of kubernetes.test.ts.
const objects = (text: string): KubernetesObject[] => documents(text) as KubernetesObject[];
