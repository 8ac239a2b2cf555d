/** Type of the steps that do nothing. */
export const STEP_TYPE = 'step';
/** Type of the steps that hold their slot for `input.holdMs`. */
export const HOLD_TYPE = 'hold';

/** A workflow of no-op steps that every system can run. */
export type FlowShape =
  | { kind: 'chain'; length: number }
  /** So many steps side by side, and one more that waits for all of them. */
  | { kind: 'fan-out'; width: number };

/** Every layer has the same number of steps, and each of its steps waits for a few of the layer before. */
export interface LayeredShape {
  kind: 'layered';
  layers: number;
  width: number;
  /** Steps of the layer before for which one waits. */
  fanIn: number;
}

export type StepsAndDependencies = Readonly<{
  tasks: { id: string; type: string }[];
  dependencies: Record<string, string[]>;
}>;

/** As we are given it. Ids are short, since 10,000 steps with their edges have to fit a message. */
export function toSteps(shape: FlowShape | LayeredShape): StepsAndDependencies {
  const upstream = upstreamOf(shape);
  const tasks = upstream.map((_, n) => ({ id: `s${n}`, type: STEP_TYPE }));
  const dependencies: Record<string, string[]> = {};
  upstream.forEach((steps, n) => {
    if (steps.length > 0) dependencies[`s${n}`] = steps.map((step) => `s${step}`);
  });
  return { tasks, dependencies };
}

/** For each step, in their order, the steps that it waits for. */
function upstreamOf(shape: FlowShape | LayeredShape): number[][] {
  switch (shape.kind) {
    case 'chain':
      return Array.from({ length: shape.length }, (_, n) => (n === 0 ? [] : [n - 1]));
    case 'fan-out':
      return [...Array.from({ length: shape.width }, () => []), range(shape.width)];
    case 'layered':
      return range(shape.layers * shape.width).map((n) => inLayer(shape, n));
  }
}

function inLayer({ width, fanIn }: LayeredShape, n: number): number[] {
  const [layer, place] = [Math.floor(n / width), n % width];
  if (layer === 0) return [];
  return range(Math.min(fanIn, width)).map((next) => (layer - 1) * width + ((place + next) % width));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
