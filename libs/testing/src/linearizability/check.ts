/** One call: when it began, when it was answered, and with what. Times are only compared, in any unit. */
export interface Operation<Call> {
  call: Call;
  begin: number;
  /** Undefined where nobody knows what came of it: it may take effect at any time after its beginning, or never. */
  end: number | undefined;
}

/** What a correct object does, one call after the other. */
export interface Model<State, Call> {
  initial: State;
  /** The state after the call, or undefined where no correct object answers so in this state. */
  step(state: State, call: Call, isAnswered: boolean): State | undefined;
  /** Equal for equal states only. */
  key(state: State): string;
}

export type Verdict = 'linearizable' | 'not-linearizable' | 'undecided';

/** Steps of one search: far more than any of the histories here needs. It is given up beyond it, as undecided. */
export const MOST_STEPS = 10_000_000;
/** States that one search remembers; each is some hundred bytes. */
export const MOST_REMEMBERED = 4_000_000;

/** A call or an answer, in the list of those that are not linearized yet. */
interface Node {
  operation: number;
  isAnswer: boolean;
  /** Of a call: its answer. */
  answer: Node | undefined;
  before: Node | undefined;
  after: Node | undefined;
}

/**
 * Whether there is an order of the operations that keeps the order of those that do not overlap, and in which each does what the
 * model says.
 *
 * The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) with the memory of Lowe ("Testing for
 * Linearizability", 2017): operations that are linearized leave a linked list of calls and answers, and no set of linearized
 * operations is looked at twice in the same state. Objects that are independent of each other are checked one by one (Herlihy and
 * Wing 1990: linearizability is local); see `checkByKey`.
 */
export function checkLinearizable<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation<Call>[],
  mostSteps: number = MOST_STEPS,
): Verdict {
  const head = listOf(operations);
  const done = new Bits(operations.length);
  const seen = new Set<string>();
  const taken: { node: Node; state: State }[] = [];
  let state = model.initial;
  let answered = operations.filter(({ end }) => end !== undefined).length;
  let node = head.after;
  for (let steps = 0; steps < mostSteps && seen.size < MOST_REMEMBERED; steps++) {
    // What has no answer may never take effect, so it need not be placed.
    if (answered === 0) return 'linearizable';
    if (node && !node.isAnswer) {
      const { call, end } = at(operations, node.operation);
      const next = model.step(state, call, end !== undefined);
      const isNew = next !== undefined && remember(seen, done.with(node.operation), model.key(next));
      if (isNew) {
        taken.push({ node, state });
        state = next;
        done.set(node.operation);
        if (end !== undefined) answered -= 1;
        lift(node);
        node = head.after;
      } else node = node.after;
    } else {
      // An answer comes before any of the calls that could be next: the last choice was wrong.
      const last = taken.pop();
      if (!last) return 'not-linearizable';
      state = last.state;
      done.clear(last.node.operation);
      if (at(operations, last.node.operation).end !== undefined) answered += 1;
      unlift(last.node);
      node = last.node.after;
    }
  }
  return 'undecided';
}

const FIRST_STEPS = 100_000;
const MORE_STEPS = 10;

/**
 * Checks the operations on each key by themselves. One key that is not linearizable is enough, and some take far longer than others:
 * all get a few steps first, and those that are undecided more. `of` names the keys of the verdict, where it is not the good one.
 */
export function checkByKey<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation<Call>[],
  keyOf: (call: Call) => string,
): { verdict: Verdict; of: string[] } {
  let open = [...byKey(operations, keyOf)];
  for (let steps = FIRST_STEPS; open.length > 0 && steps <= MOST_STEPS; steps *= MORE_STEPS) {
    const undecided: typeof open = [];
    for (const each of open) {
      const verdict = checkLinearizable(model, each[1], steps);
      if (verdict === 'not-linearizable') return { verdict, of: [each[0]] };
      if (verdict === 'undecided') undecided.push(each);
    }
    open = undecided;
  }
  return { verdict: open.length > 0 ? 'undecided' : 'linearizable', of: open.map(([key]) => key) };
}

function byKey<Call>(
  operations: readonly Operation<Call>[],
  keyOf: (call: Call) => string,
): Map<string, Operation<Call>[]> {
  const found = new Map<string, Operation<Call>[]>();
  for (const operation of operations) {
    const key = keyOf(operation.call);
    const list = found.get(key);
    if (list) list.push(operation);
    else found.set(key, [operation]);
  }
  return found;
}

/** Calls and answers in the order of their times; of those at the same time calls come first, so that they overlap. */
function listOf<Call>(operations: readonly Operation<Call>[]): Node {
  const nodes = operations.flatMap(({ begin, end }, operation) => {
    const answer: Node = {
      operation,
      isAnswer: true,
      ...{ answer: undefined, before: undefined, after: undefined },
    };
    const call: Node = { operation, isAnswer: false, ...{ answer, before: undefined, after: undefined } };
    return [
      { node: call, time: begin },
      { node: answer, time: end ?? Infinity },
    ];
  });
  nodes.sort((a, b) =>
    a.time === b.time ? Number(a.node.isAnswer) - Number(b.node.isAnswer) : a.time - b.time,
  );
  const head: Node = {
    operation: -1,
    isAnswer: true,
    answer: undefined,
    before: undefined,
    after: undefined,
  };
  let last = head;
  for (const { node } of nodes) {
    last.after = node;
    node.before = last;
    last = node;
  }
  return head;
}

/** Takes a call and its answer out of the list; both keep their places for `unlift`. */
function lift(call: Node): void {
  for (const node of [call, call.answer]) {
    if (node?.before) node.before.after = node.after;
    if (node?.after) node.after.before = node.before;
  }
}

/** In the opposite order. */
function unlift(call: Node): void {
  for (const node of [call.answer, call]) {
    if (node?.before) node.before.after = node;
    if (node?.after) node.after.before = node;
  }
}

function remember(seen: Set<string>, done: string, state: string): boolean {
  const size = seen.size;
  return seen.add(`${done}|${state}`).size > size;
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no operation ${index}`);
  return found;
}

/** A set of small numbers, with a text that stands for it. */
class Bits {
  private readonly words: Uint16Array;

  constructor(size: number) {
    this.words = new Uint16Array(Math.ceil(size / 16));
  }

  set(index: number): void {
    this.flip(index);
  }

  clear(index: number): void {
    this.flip(index);
  }

  /** The text of the set with one number more. */
  with(index: number): string {
    this.flip(index);
    const text = String.fromCharCode(...this.words);
    this.flip(index);
    return text;
  }

  private flip(index: number): void {
    const word = index >> 4;
    this.words[word] = (this.words[word] ?? 0) ^ (1 << (index & 15));
  }
}
