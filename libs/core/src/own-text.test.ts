import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ownText } from './own-text';

test('what is kept of long texts does not keep the texts', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const cut = (n: number): string => `${n} ${'x'.repeat(100_000)}`.slice(0, 20);
  const kept: string[] = [];
  const before = used();
  for (let n = 0; n < 200; n++) kept.push(ownText(cut(n)));
  expect(used() - before).toBeLessThan(5_000_000);
  expect(kept[7]).toBe(`7 ${'x'.repeat(18)}`);
  expect(ownText('')).toBe('');
  expect(ownText('grüße 🙂')).toBe('grüße 🙂');
});
