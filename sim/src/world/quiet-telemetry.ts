import type { Logger, Metrics } from '@multiswarm/telemetry';
import { inspect } from 'node:util';
import type { Timeline } from './timeline';

/** Counts nothing: what a simulation has to know it sees itself. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ record: () => undefined }),
  gauge: () => () => undefined,
};

/** Lines go into the trace where somebody reads it, and nowhere otherwise. */
export function traceLogger(timeline: Timeline, process: string): Logger {
  const { trace } = timeline;
  const say =
    (level: string): Logger['info'] =>
    (message, fields) => {
      if (!trace.read) return;
      trace.remark(timeline.now, () => `${process} ${level}: ${message} ${brief(fields)}`);
    };
  const logger: Logger = {
    isDebug: false,
    debug: () => undefined,
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => logger,
  };
  return logger;
}

function brief(fields: unknown): string {
  return fields === undefined ? '' : inspect(fields, { depth: 3, breakLength: Infinity }).slice(0, 400);
}
