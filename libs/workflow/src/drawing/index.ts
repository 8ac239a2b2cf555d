export { drawBoxes } from './boxes';
export { toDot } from './dot';
export { countText, foldSteps, stateCounts, stateOfNode } from './fold';
export { drawGantt } from './gantt';
export { BY_INTEREST, plain, STATE_MARKS, type Ink, type Line } from './ink';
export { toMermaid } from './mermaid';
export { drawTree } from './tree';
export type { DrawingNode, DrawingStep } from './step';
