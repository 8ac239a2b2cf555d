import pico from 'picocolors';
import type { Sink } from '../io';

export type Paint = ReturnType<typeof pico.createColors>;

/** Colours for a sink: only on a terminal, never with NO_COLOR (https://no-color.org) or TERM=dumb, always with FORCE_COLOR. */
export function paint(sink: Sink, env: Readonly<Record<string, string | undefined>>): Paint {
  if (env['NO_COLOR']) return pico.createColors(false);
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return pico.createColors(true);
  return pico.createColors(sink.isTty && env['TERM'] !== 'dumb');
}

/** The colour of a state: good, bad, under way, waiting. The word itself always stays. */
export function paintState(color: Paint, state: string): string {
  switch (state) {
    case 'succeeded':
    case 'ready':
    case 'healthy':
      return color.green(state);
    case 'failed':
    case 'expired':
    case 'down':
    case 'lost':
    case 'timed-out':
      return color.red(state);
    case 'running':
    case 'assigned':
      return color.cyan(state);
    case 'backoff':
    case 'waiting':
    case 'cordoned':
    case 'draining':
    case 'suspect':
    case 'degraded':
    case 'cancelled':
      return color.yellow(state);
    default:
      return color.dim(state);
  }
}
