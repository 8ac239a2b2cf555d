import { measureComplexity } from '../basic/measure-complexity';

export interface Candidate {
  name: string;
  line: number;
  /** Lines up to the next function, or to the end. */
  lines: number;
  complexity: number;
  /** How often its name is in the file beside its definition. */
  uses: number;
}

export interface Criterion {
  name: string;
  of: (candidate: Candidate) => number;
  says: (value: number) => string;
}

/** What each member of the debate looks at. */
export const CRITERIA: readonly [Criterion, ...Criterion[]] = [
  { name: 'path-counter', of: ({ complexity }) => complexity, says: (paths) => `it has ${paths} paths` },
  { name: 'line-counter', of: ({ lines }) => lines, says: (lines) => `it has ${lines} lines` },
  { name: 'use-counter', of: ({ uses }) => uses, says: (uses) => `it is used ${uses} times` },
];

const MOST = 8;

/** The functions of a file that have names, those with the most paths first. @throws SyntaxError where it is no JavaScript */
export function candidatesOf(source: string): Candidate[] {
  const found = measureComplexity(source);
  const total = source.split('\n').length;
  const starts = found.map(({ line }) => line).sort((a, b) => a - b);
  const named = found.filter(
    ({ name }, index) => /^[\w$]+$/.test(name) && found.findIndex((each) => each.name === name) === index,
  );
  return named.slice(0, MOST).map(({ name, line, complexity }) => {
    const next = starts.find((start) => start > line) ?? total + 1;
    const uses = source.split(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`)).length - 2;
    return { name, line, complexity, lines: next - line, uses };
  });
}

/** What somebody chooses who looks at one thing alone; the first of several that are alike. */
export function preferred(
  candidates: readonly Candidate[],
  { of, says }: Criterion,
): { choice: string; because: string } {
  const [first, ...rest] = candidates;
  if (first === undefined) throw new Error('there is nothing to choose from');
  const best = rest.reduce((most, each) => (of(each) > of(most) ? each : most), first);
  return { choice: best.name, because: says(of(best)) };
}
