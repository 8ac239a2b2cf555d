import { topicMatches } from '@multiswarm/contracts';
import fc from 'fast-check';
import { PatternTrie } from './pattern-trie';

const word = fc.constantFrom('a', 'b', 'c');
const topics = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('.'));
const patterns = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 4 }), fc.boolean())
  .filter(([words, isOpen]) => words.length > 0 || isOpen)
  .map(([words, isOpen]) => [...words, ...(isOpen ? ['>'] : [])].join('.'));

/** The rule of NATS: `*` stands for one token, `>` for one or more at the end. */
function matches(pattern: string, topic: string): boolean {
  const [wanted, given] = [pattern.split('.'), topic.split('.')];
  const end = wanted.indexOf('>');
  if (end >= 0 ? given.length <= end : given.length !== wanted.length) return false;
  return wanted
    .slice(0, end >= 0 ? end : undefined)
    .every((part, index) => part === '*' || part === given[index]);
}

test('one pattern fits as the rule of NATS says', () => {
  fc.assert(
    fc.property(patterns, topics, (pattern, topic) => {
      expect(topicMatches(pattern, topic)).toBe(matches(pattern, topic));
    }),
  );
});

test('a topic finds exactly what the rule of NATS says, each once', () => {
  fc.assert(
    fc.property(fc.array(patterns, { minLength: 1, maxLength: 20 }), topics, (all, topic) => {
      const trie = new PatternTrie<string>();
      for (const pattern of all) trie.add(pattern, pattern);
      const expected = new Set(all.filter((pattern) => matches(pattern, topic)));
      expect([...trie.match(topic)].sort()).toEqual([...expected].sort());
    }),
  );
});

test('what is removed is not found, the rest is; nothing is left of all', () => {
  fc.assert(
    fc.property(fc.uniqueArray(patterns, { maxLength: 20 }), topics, fc.nat(20), (all, topic, kept) => {
      const trie = new PatternTrie<string>();
      for (const pattern of all) trie.add(pattern, pattern);
      for (const pattern of all.slice(kept)) trie.remove(pattern, pattern);
      const expected = all.slice(0, kept).filter((pattern) => matches(pattern, topic));
      expect([...trie.match(topic)].sort()).toEqual(expected.sort());
      for (const pattern of all.slice(0, kept)) trie.remove(pattern, pattern);
      expect(trie.isEmpty).toBe(true);
    }),
  );
});
