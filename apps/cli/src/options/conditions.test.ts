import { Requirements } from '@multiswarm/contracts';
import { Fault } from '../faults';
import { collectCondition, type AskedOf } from './conditions';

function all(kind: 'label' | 'attribute', ...texts: string[]): AskedOf {
  const collect = collectCondition(kind);
  return texts.reduce<AskedOf>((before, text) => collect(text, before), {});
}

test.each<[string, unknown]>([
  ['gpu_memory=40', 40],
  ['gpu_memory==40', { '=': 40 }],
  ['gpu_memory>=40', { '>=': 40 }],
  ['gpu_memory >= 40', { '>=': 40 }],
  ['gpu_memory<80.5', { '<': 80.5 }],
  ['gpu_memory!=40', { '!=': 40 }],
  ['gpu_memory in 40, 80', { in: [40, 80] }],
  ['gpu_memory not in 40', { 'not in': [40] }],
  ['gpu_memory exists', { exists: true }],
  ['gpu_memory not exists', { exists: false }],
  ['gpu_memory=a=b', 'a=b'],
  ['gpu_memory=', ''],
])('the attribute %s', (text, asked) => {
  expect(all('attribute', text)).toEqual({ gpu_memory: asked });
  expect(Requirements.safeParse({ attributes: { gpu_memory: asked } }).success).toBe(true);
});

test.each<[string, unknown]>([
  ['tier=8', '8'],
  ['tier in gold,8', { in: ['gold', '8'] }],
  ['tier!=true', { '!=': 'true' }],
])('values of labels are texts: %s', (text, asked) => {
  expect(all('label', text)).toEqual({ tier: asked });
  expect(Requirements.safeParse({ labels: { tier: asked } }).success).toBe(true);
});

test('what is said of one key holds together, and a key may begin with a word of the language', () => {
  expect(all('attribute', 'vram=24', 'vram<100', 'in_use=false', 'exists.here exists')).toEqual({
    vram: { '>=': 24, '<': 100 },
    in_use: false,
    'exists.here': { exists: true },
  });
});

test.each<['label' | 'attribute', string[], RegExp]>([
  ['attribute', ['vram>=lots'], /there has to be a number behind >=/],
  ['label', ['tier>5'], /have no order/],
  ['label', ['tier'], /neither a value nor a comparator/],
  ['label', ['tier in ,'], /no values behind "in"/],
  ['label', ['tier exists really'], /nothing can stand behind "exists"/],
  ['label', ['=gold'], /neither a value/],
  ['attribute', ['vram=24', 'vram>=40'], />=" is said twice of vram/],
])('%s %j is refused with what to write', (kind, texts, message) => {
  expect(() => all(kind, ...texts)).toThrow(message);
  expect(() => all(kind, ...texts)).toThrow(Fault);
});
