import type { Layered } from './layers';

/** Vertices that lead to the same vertices of the next layer: their edges are drawn as one line with branches. */
export interface Net {
  sources: { vertex: number; column: number }[];
  targets: { vertex: number; column: number }[];
  /** Row of its level part, from 0; none where it goes straight down. */
  track: number | undefined;
}

/** The nets between a layer and the next one, with the rows that they take; lines of two nets never lie on each other. */
export function netsOf(
  { vertices, edges, layers }: Layered,
  layer: number,
  columns: readonly number[],
): Net[] {
  const targets = new Map<number, number[]>();
  for (const { from, to } of edges) {
    if (vertices[from]?.layer !== layer) continue;
    const known = targets.get(from);
    if (known) known.push(to);
    else targets.set(from, [to]);
  }
  const nets = new Map<string, Net>();
  for (const source of layers[layer] ?? []) {
    const to = targets.get(source);
    if (!to) continue;
    const key = [...to].sort((a, b) => a - b).join(',');
    const net = nets.get(key) ?? {
      sources: [],
      targets: to.map((vertex) => ({ vertex, column: 0 })),
      track: undefined,
    };
    net.sources.push({ vertex: source, column: columns[source] ?? 0 });
    nets.set(key, net);
  }
  const all = [...nets.values()];
  placePorts(all, vertices, columns);
  takeTracks(all);
  return all;
}

/** Where several nets lead to one box, each has a port of its own, in the order in which they come. */
function placePorts(nets: readonly Net[], vertices: Layered['vertices'], columns: readonly number[]): void {
  const into = new Map<number, { net: Net; port: Net['targets'][number] }[]>();
  for (const net of nets)
    for (const port of net.targets) {
      const known = into.get(port.vertex);
      if (known) known.push({ net, port });
      else into.set(port.vertex, [{ net, port }]);
    }
  for (const [vertex, ports] of into) {
    const middle = columns[vertex] ?? 0;
    const room = (vertices[vertex]?.width ?? 1) - 3;
    const apart = Math.min(4, Math.floor(room / Math.max(1, ports.length - 1)));
    ports.sort((a, b) => meanOf(a.net) - meanOf(b.net));
    ports.forEach(({ port }, at) => {
      port.column = middle + (apart < 1 ? 0 : Math.round((at - (ports.length - 1) / 2) * apart));
    });
  }
}

function meanOf({ sources }: Net): number {
  return sources.reduce((sum, { column }) => sum + column, 0) / Math.max(1, sources.length);
}

function takeTracks(nets: readonly Net[]): void {
  const level = nets.filter((net) => new Set(columnsOfNet(net)).size > 1);
  const bySource = new Map(nets.flatMap((net) => net.sources.map(({ column }) => [column, net] as const)));
  // What comes down into a column out of which another net begins has to turn below it.
  const above = new Map(
    level.map(
      (net) => [net, new Set(net.targets.flatMap(({ column }) => bySource.get(column) ?? []))] as const,
    ),
  );
  const taken: { from: number; to: number }[][] = [];
  const open = new Set(level);
  while (open.size > 0) {
    const free = [...open].filter((net) =>
      [...(above.get(net) ?? [])].every((other) => other === net || !open.has(other)),
    );
    // Where nets wait for each other in a circle, two lines lie on each other for a row.
    const next = bestOnTop(free.length > 0 ? free : [...open], open);
    open.delete(next);
    const after = [...(above.get(next) ?? [])].flatMap(({ track }) => track ?? []);
    next.track = freeTrack(
      taken,
      { from: from(next), to: Math.max(...columnsOfNet(next)) },
      1 + Math.max(-1, ...after),
    );
  }
}

/** The net that, above all others that are left, makes the fewest crossings. */
function bestOnTop(candidates: readonly Net[], open: ReadonlySet<Net>): Net {
  const costOf = (net: Net): number =>
    [...open].reduce(
      (sum, other) => (other === net ? sum : sum + crossings(net, other) - crossings(other, net)),
      0,
    );
  const [best] = candidates
    .map((net) => ({ net, cost: costOf(net) }))
    .sort((a, b) => a.cost - b.cost || from(a.net) - from(b.net));
  return (best as { net: Net }).net; // it is called while nets are open
}

/** Of a net with one below it: that one's ways down to its row, and its own ways down from its row. */
function crossings(above: Net, below: Net): number {
  const crossed = (ports: Net['targets'], net: Net): number => {
    const [left, right] = [from(net), Math.max(...columnsOfNet(net))];
    return ports.filter(({ column }) => column > left && column < right).length;
  };
  return crossed(below.sources, above) + crossed(above.targets, below);
}

function freeTrack(
  taken: { from: number; to: number }[][],
  range: { from: number; to: number },
  first: number,
): number {
  for (let track = first; ; track += 1) {
    const ranges = (taken[track] ??= []);
    if (ranges.some((other) => range.from <= other.to + 1 && other.from <= range.to + 1)) continue;
    ranges.push(range);
    return track;
  }
}

function columnsOfNet({ sources, targets }: Net): number[] {
  return [...sources, ...targets].map(({ column }) => column);
}

function from(net: Net): number {
  return Math.min(...columnsOfNet(net));
}
