import { EngineUnderLoad } from './engine-under-load';
import { moleculerPath } from './moleculer-path';
import type { Growth, Measured, Question } from './shape';

/** Measures what it is asked, in a process of its own: what ran before has left no trace in compiled code or on the heap. */
process.on('message', (question: Question) => void process.send?.(answer(question)));
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(1));
process.send?.('ready');

function answer(question: Question): Measured | Growth | { p50: number; p99: number } {
  if (question.kind === 'moleculer') return moleculerPath(question.endpoints, question.choices);
  const engine = new EngineUnderLoad(question);
  if (question.kind === 'growth') return growth(engine, question.settle, question.placements);
  engine.measure(question.warmUp);
  return engine.measure(question.placements);
}

/** @param settle placements after which whatever the engine remembers for a while is full */
function growth(engine: EngineUnderLoad, settle: number, placements: number): Growth {
  engine.measure(settle);
  const before = heapUsed();
  engine.measure(placements);
  const after = heapUsed();
  return { bytesEach: (after - before) / placements, heapMb: after / 2 ** 20 };
}

function heapUsed(): number {
  if (global.gc === undefined) throw new Error('start this process with --expose-gc');
  global.gc();
  return process.memoryUsage().heapUsed;
}
