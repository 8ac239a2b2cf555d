import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import { SETTINGS } from '@multiswarm/service';
import { parse } from 'yaml';
import { effective } from './dockerfile';
import { read, readEnvFile, readYaml, REDIS_CLIENTS, SERVICES } from './files';
import {
  FOLDERS,
  objectsOfFiles,
  objectsOfKustomize,
  podLabels,
  REGION,
  selects,
  workloads,
  yamlFiles,
  type Workload,
} from './kubernetes';
import { faultsOf, type KubernetesObject } from './kubernetes-schema';
import { installed } from './run';

const KUBECTL = installed('kubectl', 'version', '--client');
/** A missing kubectl shows in the report as a skipped test with its reason, never as one that passed. */
const withKubectl = KUBECTL ? it : it.skip;
const note = KUBECTL ? '' : ' (skipped: kubectl is not installed)';
const base = objectsOfFiles()
  .filter(([file]) => file.startsWith('k8s/base/'))
  .flatMap(([, objects]) => objects);
const ofKind = <T>(kind: string): T[] => base.filter((object) => object.kind === kind) as T[]; // the kind says the type
const all = workloads(base).map((workload): [string, Workload] => [workload.metadata?.name ?? '', workload]);
const services = all.filter(([name]) => SERVICES.includes(name));
const container = (workload: Workload) => workload.spec?.template.spec?.containers[0];

const faults = (objects: KubernetesObject[]): string[] =>
  objects.flatMap((object) =>
    faultsOf(object).map((fault) => `${object.kind} ${object.metadata.name}: ${fault}`),
  );

describe('the Kubernetes objects', () => {
  it.each(objectsOfFiles())('%s fits the schemas of its kinds', (_file, objects) => {
    expect(objects.length).toBeGreaterThan(0);
    expect(faults(objects)).toEqual([]);
  });

  withKubectl.each(FOLDERS)(
    `%s fits them as kustomize puts it together${note}`,
    async (folder) => {
      const objects = await objectsOfKustomize(folder);
      expect(faults(objects)).toEqual([]);
      const deployments = objects.filter(({ kind }) => kind === 'Deployment');
      expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual(SERVICES);
      expect(workloads(objects)).toHaveLength(SERVICES.length + 2);
    },
    30_000,
  );

  withKubectl(
    `${REGION} has NATS and the communicator, and nothing that belongs to the hub${note}`,
    async () => {
      const objects = await objectsOfKustomize(REGION);
      expect(faults(objects)).toEqual([]);
      const names = workloads(objects).map(({ metadata }) => metadata?.name);
      expect(names.sort()).toEqual(['communicator', 'nats']);
      const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
      expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(['communicator', 'nats']);
    },
    30_000,
  );

  it('keep each stream on as many NATS servers as there are', () => {
    const overlay = readYaml('k8s/overlays/dev/kustomization.yaml') as {
      replicas: { name: string; count: number }[];
      configMapGenerator: { name: string; literals?: string[] }[];
    }; // kustomize checks its form
    const nats = all.find(([name]) => name === 'nats')?.[1];
    expect(readEnvFile('k8s/base/settings.env')['STREAM_REPLICAS']).toBe(String(nats?.spec?.replicas));
    const servers = overlay.replicas.find(({ name }) => name === 'nats')?.count;
    const settings = overlay.configMapGenerator.find(({ name }) => name === 'settings')?.literals;
    expect(settings).toContain(`STREAM_REPLICAS=${servers}`);
  });

  it('are all named in the kustomization', () => {
    const { resources } = parse(read('k8s/base/kustomization.yaml')) as { resources: string[] }; // kustomize checks its form
    expect(resources.map((file) => `k8s/base/${file}`).sort()).toEqual(yamlFiles('k8s/base').sort());
  });

  it('run every service of the repository, NATS as a cluster of three, and Redis', () => {
    expect(services.map(([name]) => name).sort()).toEqual(SERVICES);
    expect(Object.fromEntries(all.map(([name, { spec }]) => [name, spec?.replicas]))).toMatchObject({
      nats: 3,
      redis: 1,
    });
  });

  it.each(all)(
    'keep %s within the restricted pod security standard, without a token and with limits',
    (name, workload) => {
      expect(workload.spec?.template.spec).toMatchObject({
        serviceAccountName: name,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(container(workload)).toMatchObject({
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { cpu: expect.any(String), memory: expect.any(String) },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
      expect(container(workload)?.image).toMatch(/:[^:]*\d[^:]*$/);
    },
  );

  it.each(all)('ask %s whether it started, lives and is ready', (_name, workload) => {
    const probes = container(workload);
    expect([probes?.startupProbe, probes?.livenessProbe, probes?.readinessProbe]).not.toContain(undefined);
  });

  it.each(services)(
    'ask %s at the paths of its health routes, on the port of its image',
    (name, workload) => {
      expect(container(workload)).toMatchObject({
        ports: [{ name: 'http', containerPort: Number(effective(name, 'EXPOSE')) }],
        livenessProbe: { httpGet: { path: '/health/live', port: 'http' } },
        readinessProbe: { httpGet: { path: '/health/ready', port: 'http' } },
      });
    },
  );

  it.each(services)(
    'roll %s one at a time, each when the one before it serves, without ever having fewer',
    (name, workload) => {
      const { strategy } = (workload as IDeployment).spec ?? {}; // every service is a Deployment
      expect(strategy).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      });
      const leaseMs = name === 'orchestrator' ? SETTINGS.SHARD_LEASE_MS.default : 0;
      expect((workload.spec?.minReadySeconds ?? 0) * 1_000).toBeGreaterThanOrEqual(leaseMs);
    },
  );

  it.each(services)(
    'give %s longer to end than leaving the endpoints and finishing its work may take',
    (_name, workload) => {
      const [program, seconds] = container(workload)?.lifecycle?.preStop?.exec?.command ?? [];
      expect(program).toBe('sleep');
      const graceSeconds = Number(readEnvFile('k8s/base/settings.env')['SHUTDOWN_GRACE_MS']) / 1000;
      expect(workload.spec?.template.spec?.terminationGracePeriodSeconds).toBeGreaterThan(
        Number(seconds) + graceSeconds,
      );
    },
  );

  it('select pods that exist, at ports that they name', () => {
    const found = ofKind<IService>('Service').map((service) => {
      const targets = all.filter(([, workload]) =>
        selects({ matchLabels: service.spec?.selector ?? {} }, podLabels(workload)),
      );
      expect(targets).toHaveLength(1);
      const ports = targets
        .flatMap(([, workload]) => container(workload)?.ports ?? [])
        .map((port) => port.name);
      for (const port of service.spec?.ports ?? []) expect(ports).toContain(port.targetPort);
      return service.metadata?.name;
    });
    expect(found).toEqual(expect.arrayContaining([...SERVICES, 'nats', 'nats-headless', 'redis']));
  });

  it('budget the disruption of everything that has more than one replica', () => {
    const budgets = ofKind<IPodDisruptionBudget>('PodDisruptionBudget');
    for (const [name, workload] of all) {
      const own = budgets.filter(({ spec }) => selects(spec?.selector, podLabels(workload)));
      expect([name, own.length]).toEqual([name, (workload.spec?.replicas ?? 1) > 1 ? 1 : 0]);
    }
  });

  it('close the network, and open it at ports that the selected pods name', () => {
    const policies = ofKind<INetworkPolicy>('NetworkPolicy');
    expect(policies.map(({ spec }) => spec)).toContainEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    for (const { spec } of policies) {
      const targets = all.filter(([, workload]) => selects(spec?.podSelector, podLabels(workload)));
      const names = targets
        .flatMap(([, workload]) => container(workload)?.ports ?? [])
        .map(({ name }) => name);
      for (const port of spec?.ingress?.flatMap(({ ports }) => ports ?? []) ?? [])
        expect(names).toContain(port.port);
    }
  });

  it('let those into Redis who keep something in it, nobody else, neither at its door nor at theirs', () => {
    const policies = ofKind<INetworkPolicy>('NetworkPolicy').map(({ spec }) => spec);
    const labels = podLabels(all.find(([name]) => name === 'redis')?.[1]);
    const names = (keep: (pod: Record<string, string>) => boolean): string[] =>
      all.filter(([, workload]) => keep(podLabels(workload))).map(([name]) => name);
    const doors = policies.filter((spec) => selects(spec?.podSelector, labels) && spec?.ingress);
    const peers = doors.flatMap((spec) => spec?.ingress ?? []).flatMap(({ from }) => from ?? []);
    expect(names((pod) => peers.some(({ podSelector }) => selects(podSelector, pod))).sort()).toEqual(
      REDIS_CLIENTS,
    );
    const ways = policies.filter((spec) =>
      spec?.egress?.some(({ to }) => to?.some(({ podSelector }) => selects(podSelector, labels))),
    );
    expect(names((pod) => ways.some((spec) => selects(spec?.podSelector, pod))).sort()).toEqual(
      REDIS_CLIENTS,
    );
  });
});
