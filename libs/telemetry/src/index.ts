export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './logger';
export { createMetrics, type Counter, type Histogram, type Metrics, type Reading } from './metrics';
export {
  METRICS,
  prometheusName,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricName,
} from './names';
export { startSpan, type ActiveSpan, type SpanOptions } from './spans';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry';
export { newTraceparent, parseTraceparent, spanIdOf, traceIdOf } from './traceparent';
