import { faultsOf } from './kubernetes-schema';

const deployment = (container: object, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: { containers: [{ name: 'a', image: 'a:1', ...container }] },
    },
    ...spec,
  },
});

describe('the check against the Kubernetes schemas', () => {
  it('finds nothing in a good object', () => {
    expect(faultsOf(deployment({ ports: [{ name: 'http', containerPort: 80 }] }))).toEqual([]);
  });

  it('fails an unknown field, however deep it is', () => {
    expect(faultsOf(deployment({ livenessProb: {} }))).toEqual([
      '/spec/template/spec/containers/0/livenessProb: unknown field',
    ]);
    expect(faultsOf(deployment({}, { replica: 2 }))).toEqual(['/spec/replica: unknown field']);
    expect(faultsOf({ ...deployment({}), spek: 1 } as never)).toEqual(['/spek: unknown field']);
  });

  it('fails a wrong type', () => {
    expect(faultsOf(deployment({}, { replicas: 'two' }))).toEqual(['data/spec/replicas must be integer']);
    expect(faultsOf(deployment({ env: [{ name: 'A', value: 1 }] }))).toEqual([
      'data/spec/template/spec/containers/0/env/0/value must be string',
    ]);
  });

  it('fails a missing field', () => {
    expect(faultsOf(deployment({}, { selector: undefined }))).toEqual([
      'data/spec must have required property selector',
    ]);
  });

  it('fails a kind that it has no schema for, instead of letting it pass', () => {
    expect(faultsOf({ apiVersion: 'apps/v1beta9', kind: 'Deployment', metadata: { name: 'a' } })).toEqual([
      'no schema for apps/v1beta9 Deployment',
    ]);
  });
});
