import { join } from 'node:path';
import { POLICIES } from '../../../services/load-balancer/src/domain/policies';
import { startChild } from '../child';
import type { Growth, Measured, Question, Shape } from '../engine/shape';
import type { Options } from '../options';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import type { Bench } from './bench';

const ENDPOINTS = [10, 1_000, 10_000, 100_000];
const CLASSES = [1, 8, 64];
/** Where the peer is shown, and what the heap is measured with. */
const USUAL = { endpoints: 10_000, classes: 8 };
const WARM_UP = 20_000;
const PLACEMENTS = { quick: 10_000, full: 50_000 };
/** Longer than the windows of health, half a minute, and whatever else is remembered for a while, at 10,000 placements a second. */
const SETTLE = { quick: 50_000, full: 400_000 };
const CHOICES = 10_000;

/**
 * The engine of the load-balancer alone: one placement at a time, with its reservation and the compact record of the decision, among
 * heartbeats and outcomes; beside the choice that Moleculer makes. Each run of each shape has a process of its own.
 */
export const routingEngine: Bench = async (options, progress) => {
  const peer = options.alone ? [] : await times(options.runs, () => moleculer(USUAL.endpoints));
  if (peer.length > 0)
    progress(`moleculer, ${USUAL.endpoints} endpoints: p50 ${peer.map(rounded).join(', ')} µs`);
  const figures: Figure[] = [];
  for (const shape of shapes(options)) {
    const measured = await times(options.runs, () => engine(shape, options));
    progress(`${nameOf(shape)}: ${JSON.stringify(measured.at(-1), (_, each) => shown(each))}`);
    figures.push(...figuresOf(shape, measured, shape.endpoints === USUAL.endpoints ? peer : [], options));
  }
  for (const policy of wanted(options).slice(0, options.quick ? 1 : undefined)) {
    const shape = { ...USUAL, policy, wishes: false };
    const grown = await times(options.runs, () => growth(shape, options));
    progress(`${nameOf(shape)}: heap ${JSON.stringify(grown.at(-1), (_, each) => shown(each))}`);
    figures.push(growthOf(shape, grown, options));
  }
  return figures;
};

function shapes(options: Options): Shape[] {
  const plain = wanted(options).flatMap((policy) =>
    ENDPOINTS.flatMap((endpoints) =>
      CLASSES.map((classes) => ({ policy, endpoints, classes, wishes: false })),
    ),
  );
  const [first] = wanted(options);
  return first === undefined ? plain : [...plain, { ...USUAL, policy: first, wishes: true }];
}

function wanted({ policies }: Options): string[] {
  const all = POLICIES.map(({ name }) => name);
  return policies.length === 0 ? all : all.filter((name) => policies.includes(name));
}

function engine(shape: Shape, { quick }: Options): Promise<Measured> {
  const placements = quick ? PLACEMENTS.quick : PLACEMENTS.full;
  return ask({ kind: 'engine', warmUp: WARM_UP, placements, ...shape });
}

function growth(shape: Shape, { quick }: Options): Promise<Growth> {
  const settle = quick ? SETTLE.quick : SETTLE.full;
  return ask({ kind: 'growth', settle, placements: settle, ...shape });
}

/** µs for one choice, p50. */
async function moleculer(endpoints: number): Promise<number> {
  return (await ask<{ p50: number }>({ kind: 'moleculer', endpoints, choices: CHOICES })).p50;
}

/** One after the other. */
async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) all.push(await run());
  return all;
}

async function ask<T>(question: Question): Promise<T> {
  const process = join(__dirname, '..', 'engine', 'engine-process.ts');
  const child = startChild({
    name: 'routing-engine',
    args: ['--expose-gc', '-r', 'ts-node/register', process],
  });
  try {
    await child.ready;
    return (await child.ask(question)) as T; // what engine-process answers
  } finally {
    await child.stop();
  }
}

function figuresOf(
  shape: Shape,
  measured: readonly Measured[],
  peer: readonly number[],
  { runs, quick }: Options,
): Figure[] {
  const common = {
    ...{ bench: 'routing-engine', unit: 'µs', serverVersions: {} },
    settings: { ...shape, runs, placements: quick ? PLACEMENTS.quick : PLACEMENTS.full },
  };
  const series = (name: keyof Measured): Figure['own'] => ({
    name: shape.policy,
    runs: measured.map((run) => run[name]),
  });
  return [
    {
      ...common,
      metric: `p50, ${nameOf(shape)}`,
      own: series('p50'),
      ...(peer.length === 0 ? {} : { peer: { name: 'moleculer EndpointList.next', runs: peer } }),
    },
    { ...common, metric: `p99, ${nameOf(shape)}`, own: series('p99'), details: { runs: measured } },
  ];
}

function growthOf(shape: Shape, grown: readonly Growth[], { runs, quick }: Options): Figure {
  return {
    ...{ bench: 'routing-engine', metric: `growth of the heap, ${nameOf(shape)}` },
    ...{ unit: 'bytes/placement', serverVersions: {} },
    own: { name: shape.policy, runs: grown.map(({ bytesEach }) => bytesEach) },
    details: { heapMb: grown.map(({ heapMb }) => rounded(heapMb)) },
    settings: { ...shape, runs, placements: quick ? SETTLE.quick : SETTLE.full },
  };
}

function nameOf({ policy, endpoints, classes, wishes }: Shape): string {
  const among = `${endpoints} endpoints, ${classes} ${classes === 1 ? 'class' : 'classes'}`;
  return `${policy}, ${among}${wishes ? ', near a region' : ''}`;
}

function shown(value: unknown): unknown {
  return typeof value === 'number' ? rounded(value) : value;
}
