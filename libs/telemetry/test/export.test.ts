import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code?: number; message?: string };
}
interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}
interface Traced {
  given: string;
  outer: string;
  inner: string;
  root: string;
  sdk: number;
}

const ROOT = join(__dirname, '../../..');
const FIXTURE = join(__dirname, 'fixtures/traced-process.ts');

async function runTraced(env: Record<string, string>): Promise<Traced> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-C', 'multiswarm-source', '-r', 'ts-node/register', FIXTURE],
    { cwd: ROOT, env: { PATH: process.env['PATH'], ...env } },
  );
  return JSON.parse(stdout) as Traced;
}

const [traceId, spanId] = [(text: string) => text.slice(3, 35), (text: string) => text.slice(36, 52)];

describe('with a collector', () => {
  let collector: Server;
  const received = new Map<string, { type: string | undefined; body: Buffer }[]>();

  beforeAll(async () => {
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const posted = { type: request.headers['content-type'], body: Buffer.concat(chunks) };
        received.set(path, [...(received.get(path) ?? []), posted]);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => collector.close(resolve)));
  beforeEach(() => received.clear());

  const endpoint = (): string => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

  test('spans arrive with their parents, errors and resource', async () => {
    const traced = await runTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(),
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    });
    const posts = received.get('/v1/traces') ?? [];
    const traces = posts.map(({ body }) => JSON.parse(body.toString()) as OtlpTraces);
    const resources = traces.flatMap(({ resourceSpans }) => resourceSpans);
    const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const named = (name: string): OtlpSpan | undefined => spans.find((span) => span.name === name);

    expect(spans.map(({ name }) => name).sort()).toEqual(['inner', 'outer', 'root']);
    expect(named('outer')).toMatchObject({
      traceId: traceId(traced.given),
      parentSpanId: spanId(traced.given),
      spanId: spanId(traced.outer),
      kind: 2,
    });
    expect(named('inner')).toMatchObject({
      traceId: traceId(traced.given),
      parentSpanId: spanId(traced.outer),
      spanId: spanId(traced.inner),
      status: { code: 2, message: 'inner failed' },
    });
    expect(named('root')?.parentSpanId ?? '').toBe('');
    expect(named('root')?.traceId).toBe(traceId(traced.root));
    const attributes =
      resources[0]?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? [];
    expect(Object.fromEntries(attributes)).toMatchObject({
      'service.name': 'traced',
      'service.version': '9.9.9',
    });
  });

  test('by default traces and metrics travel as protobuf, and metrics keep their names', async () => {
    await runTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() });
    const [traces] = received.get('/v1/traces') ?? [];
    const [metrics] = received.get('/v1/metrics') ?? [];
    expect(traces?.type).toBe('application/x-protobuf');
    expect(traces?.body.toString('latin1')).toContain('outer');
    expect(metrics?.type).toBe('application/x-protobuf');
    expect(metrics?.body.toString('latin1')).toContain('multiswarm.tasks.submitted');
  });

  test.each([
    ['no environment', {}],
    ['OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true' }],
    ['OTEL_TRACES_EXPORTER=none', { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }],
  ])(
    'with %s nothing of the SDK is loaded or sent, and the parent is passed on unchanged',
    async (name, env) => {
      const traced = await runTraced(
        name === 'no environment' ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), ...env },
      );
      expect(traced.sdk).toBe(0);
      expect(received.size).toBe(0);
      expect(traced.outer).toBe(traced.given);
      expect(traced.inner).toBe(traced.given);
      expect(traceId(traced.root)).not.toBe(traceId(traced.given));
    },
  );
});
