import { METRICS, prometheusName, type Metric, type MetricName } from './names';
import { startTelemetry } from './telemetry';

const NAMES = Object.keys(METRICS) as MetricName[];

describe('the names of metrics', () => {
  test.each(NAMES)('%s follows the rules', (name) => {
    const { kind, unit, description, attributes, buckets }: Metric = METRICS[name];
    expect(name).toMatch(/^multiswarm(\.[a-z][a-z0-9_]*)+$/);
    expect(description).toMatch(/^[A-Z].{10,}[^.]$/);
    expect(unit).toMatch(/^(ms|1|\{[a-z]+\})$/);
    // The unit's full word in the name is what keeps both ways to Prometheus at one name.
    expect(name.endsWith('.milliseconds')).toBe(unit === 'ms');
    expect(name.endsWith('.ratio')).toBe(unit === '1');
    expect(name).not.toMatch(/[._](total|count|sum|bucket)$/);
    expect(kind === 'histogram').toBe(buckets !== undefined);
    for (const attribute of attributes) expect(attribute).toMatch(/^[a-z][a-z_]*$/);
  });

  test('are unique in Prometheus too, where dots and underscores are the same', () => {
    expect(new Set(NAMES.map(prometheusName)).size).toBe(NAMES.length);
  });

  test('buckets grow', () => {
    for (const name of NAMES) {
      const { buckets = [] }: Metric = METRICS[name];
      expect([...buckets].sort((a, b) => a - b)).toEqual([...buckets]);
      expect(new Set(buckets).size).toBe(buckets.length);
    }
  });
});

describe('the instruments', () => {
  const telemetry = startTelemetry({ service: 'test', version: '1.2.3', env: {}, environment: 'test' });
  const { metrics } = telemetry;
  afterAll(() => telemetry.shutdown());

  test('counters, histograms and gauges show in Prometheus under the names of the list', async () => {
    metrics.counter('multiswarm.tasks.ended').add(2, { state: 'succeeded' });
    metrics.counter('multiswarm.tasks.ended').add(1, { state: 'succeeded' });
    metrics.histogram('multiswarm.commit.batch_size').record(7);
    metrics.gauge('multiswarm.slots.busy', () => [[4, { region: 'eu-west' }]]);
    const text = await telemetry.prometheus();
    expect(text).toContain(`${prometheusName('multiswarm.tasks.ended')}{state="succeeded"} 3\n`);
    expect(text).toContain('multiswarm_commit_batch_size_bucket{le="10"} 1\n');
    expect(text).toContain('multiswarm_slots_busy{region="eu-west"} 4\n');
    expect(text).toContain('service_name="test",service_version="1.2.3"');
  });

  test('a gauge that was taken away is not read any more', async () => {
    let reads = 0;
    const remove = metrics.gauge('multiswarm.swarms.connected', () => {
      reads += 1;
      return [[1, { region: 'x' }]];
    });
    await telemetry.prometheus();
    remove();
    await telemetry.prometheus();
    expect(reads).toBe(1);
  });

  test('the delay of the event loop is measured', async () => {
    expect(await telemetry.prometheus()).toMatch(
      /multiswarm_event_loop_delay_milliseconds\{quantile="p99"\} \d/,
    );
  });
});
