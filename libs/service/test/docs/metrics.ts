import { METRICS, prometheusName, type MetricName } from '@multiswarm/telemetry';
import { code, table } from './table';

export function metricsPage(): string {
  const names = Object.keys(METRICS) as MetricName[];
  const rows = names.map((name) => {
    const { kind, unit, attributes, description } = METRICS[name];
    const labels = attributes.length === 0 ? '' : attributes.map((label) => code(label)).join(', ');
    return [code(name), code(prometheusName(name)), kind, code(unit), labels, description];
  });
  return `# Metrics

\`GET /metrics\` of every service shows them as Prometheus text; with \`OTEL_EXPORTER_OTLP_ENDPOINT\` set they are exported
over OTLP as well. The names in Prometheus are the same on both ways. Each service shows those it has measured.

${table(['Name', 'In Prometheus', 'Kind', 'Unit', 'Attributes', 'What it is'], rows)}
`;
}
