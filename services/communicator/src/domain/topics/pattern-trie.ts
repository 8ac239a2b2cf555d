interface Node<T> {
  readonly words: Map<string, Node<T>>;
  /** Of patterns that end here. */
  readonly here: Set<T>;
  /** Of patterns that go on with `>`. */
  readonly below: Set<T>;
}

const ANY_WORD = '*';
const REST = '>';

/**
 * Patterns of topics, and what belongs to each. A topic is found in the number of its words and of the patterns that begin like it, not in
 * the number of all patterns (as the subject tree of nats-server, `server/sublist.go`). Pure.
 */
export class PatternTrie<T> {
  private readonly root = emptyNode<T>();

  add(pattern: string, value: T): void {
    let node = this.root;
    for (const word of pattern.split('.')) {
      if (word === REST) return void node.below.add(value);
      let next = node.words.get(word);
      if (!next) node.words.set(word, (next = emptyNode()));
      node = next;
    }
    node.here.add(value);
  }

  /** Nodes that are empty now are forgotten. */
  remove(pattern: string, value: T): void {
    removeFrom(this.root, pattern.split('.'), value);
  }

  /** Each value once, whatever the number of its patterns. */
  match(topic: string): Set<T> {
    const found = new Set<T>();
    collect(this.root, topic.split('.'), 0, found);
    return found;
  }

  get isEmpty(): boolean {
    return isEmpty(this.root);
  }
}

function collect<T>(node: Node<T>, words: readonly string[], at: number, found: Set<T>): void {
  const word = words[at];
  if (word === undefined) {
    for (const value of node.here) found.add(value);
    return;
  }
  for (const value of node.below) found.add(value);
  for (const next of [node.words.get(word), node.words.get(ANY_WORD)])
    if (next) collect(next, words, at + 1, found);
}

function removeFrom<T>(node: Node<T>, words: readonly string[], value: T): void {
  const [word, ...rest] = words;
  if (word === undefined) node.here.delete(value);
  else if (word === REST) node.below.delete(value);
  else {
    const next = node.words.get(word);
    if (!next) return;
    removeFrom(next, rest, value);
    if (isEmpty(next)) node.words.delete(word);
  }
}

function isEmpty<T>({ words, here, below }: Node<T>): boolean {
  return words.size === 0 && here.size === 0 && below.size === 0;
}

function emptyNode<T>(): Node<T> {
  return { words: new Map(), here: new Set(), below: new Set() };
}
