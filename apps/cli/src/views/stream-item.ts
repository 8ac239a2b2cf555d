import type { StreamItem } from '@multiswarm/contracts';
import type { Paint } from '../output/paint';

const WIDTH = 'progress'.length;

/** `12:00:01.250  info      fetching  page=3`: what an attempt says, as one line for people. */
export function streamLine(item: StreamItem, color: Paint, several: boolean): string {
  const time = color.dim(new Date(item.at).toISOString().slice(11, 23));
  const attempt = several ? `  #${item.attempt}` : '';
  const stale = item.stale ? `  ${color.yellow('(stale)')}` : '';
  return `${time}${attempt}  ${word(item, color)}  ${text(item)}${stale}`.trimEnd();
}

function word({ kind, level = 'info' }: StreamItem, color: Paint): string {
  if (kind === 'gap') return color.yellow('gap'.padEnd(WIDTH));
  if (kind !== 'log') return color.cyan(kind.padEnd(WIDTH));
  const shown = level.padEnd(WIDTH);
  if (level === 'error') return color.red(shown);
  return level === 'warn' ? color.yellow(shown) : color.dim(shown);
}

function text({ kind, seq, until, message = '', fields, output, fraction }: StreamItem): string {
  switch (kind) {
    case 'gap':
      return until === seq ? `entry ${seq} is lost` : `entries ${seq} to ${until ?? seq} are lost`;
    case 'output':
      return typeof output === 'string' ? output : JSON.stringify(output);
    case 'progress':
      return [fraction === undefined ? '' : `${Math.round(fraction * 100)} %`, message].join(' ').trim();
    case 'log': {
      const shown = Object.entries(fields ?? {}).map(
        ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      return [message, ...shown].join('  ');
    }
  }
}
