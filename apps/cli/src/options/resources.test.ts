import type { Resources } from '@multiswarm/contracts';
import { collectResource, resourceWords } from './resources';

const read = (...words: string[]): Resources =>
  words.reduce<Resources | undefined>((before, word) => collectResource(word, before), undefined) ?? {};

test.each<[string[], Resources]>([
  [['cpu=0.5', 'memoryMb=512'], { cpu: 0.5, memoryMb: 512 }],
  [['gpu=2'], { gpu: 2 }],
  [['gpu.a100=2', 'gpu.t4=1'], { gpu: { a100: 2, t4: 1 } }],
  [['gpu=1', 'gpu.a100=2'], { gpu: { any: 1, a100: 2 } }],
  [['gpu.a100=2', 'gpu=1'], { gpu: { a100: 2, any: 1 } }],
  [['licences=1', 'custom.gpu=0.5'], { custom: { licences: 1, gpu: 0.5 } }],
  [['constructor=1'], { custom: { constructor: 1 } }],
])('%j are resources, and spelled they are the same again', (words, resources) => {
  expect(read(...words)).toEqual(resources);
  expect(read(...resourceWords(resources).map(([word, amount]) => `${word}=${amount}`))).toEqual(resources);
});

test.each([
  [['memory=512'], '--resource memory: no such resource'],
  [['GPU=1'], '--resource GPU: no such resource'],
  [['gpu.=1'], '--resource gpu.: no such resource'],
  [['custom.a b=1'], '--resource custom.a b: no such resource'],
  [['gpu=0.5'], '--resource gpu must be a whole number'],
  [['cpu=-1'], '--resource cpu must be a number, 0 or more'],
  [['licences'], '--resource licences: expected key=value'],
  [['cpu=1', 'cpu=2'], '--resource cpu is given twice'],
  [['gpu=1', 'gpu.any=2'], '--resource gpu.any is given twice'],
  [['licences=1', 'custom.licences=2'], '--resource custom.licences is given twice'],
])('%j are refused with what is wrong', (words, message) => {
  expect(() => read(...words)).toThrow(message);
});
