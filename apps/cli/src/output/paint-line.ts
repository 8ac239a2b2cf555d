import { plain, type Ink, type Line } from '@multiswarm/workflow';
import type { Paint } from './paint';

/** The colour of a part of a drawing. What it means is always said by a mark, a word or a weight of line as well. */
export function paintLine(line: Line, color: Paint): string {
  if (!color.isColorSupported) return plain(line);
  return line.map(({ text, ink }) => (ink === undefined ? text : inked(color, ink, text))).join('');
}

function inked(color: Paint, ink: Ink, text: string): string {
  switch (ink) {
    case 'succeeded':
      return color.green(text);
    case 'failed':
    case 'expired':
      return color.red(text);
    case 'running':
    case 'assigned':
      return color.cyan(text);
    case 'backoff':
    case 'waiting':
    case 'cancelled':
      return color.yellow(text);
    case 'critical':
      return color.bold(color.magenta(text));
    case 'strong':
      return text;
    default:
      return color.dim(text);
  }
}
