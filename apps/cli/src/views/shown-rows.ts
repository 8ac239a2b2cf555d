import type { Ink, Line } from '@multiswarm/workflow';

const UNDER_WAY: ReadonlySet<Ink | undefined> = new Set<Ink>([
  'running',
  'assigned',
  'waiting',
  'backoff',
  'failed',
  'queued',
]);

/** As many lines as there is room for, around the first one that is under way; the others are counted. */
export function shownRows(lines: readonly Line[], count: number, room: number | undefined): Line[] {
  if (room === undefined || lines.length <= room || room < 3) return lines.slice(0, room);
  const active = lines.findIndex((line) => line.some(({ ink }) => UNDER_WAY.has(ink)));
  const visible = room - 2;
  const first = Math.max(
    0,
    Math.min(lines.length - visible, (active === -1 ? 0 : active) - Math.floor(visible / 3)),
  );
  const after = lines.length - first - visible;
  const told = (hidden: number, where: string): Line => [
    { text: hidden === 0 ? '' : `  … ${hidden} of ${count} ${where}`, ink: 'faint' },
  ];
  return [told(first, 'above'), ...lines.slice(first, first + visible), told(after, 'below')];
}
