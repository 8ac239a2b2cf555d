import { Fault } from '../faults';
import { collect, collectAttribute, collectPair, integerOption, numberOption } from './repeatable';

describe('options that are given several times', () => {
  test('lists gather values and split commas', () => {
    expect(collect('c', collect('a, b'))).toEqual(['a', 'b', 'c']);
  });

  test('pairs keep everything after the first equals sign', () => {
    expect(collectPair('--label')('q=a=b')).toEqual({ q: 'a=b' });
    expect(() => collectPair('--label')('novalue')).toThrow(Fault);
  });

  test('attributes are typed, and a repeated key becomes a list', () => {
    const given = [
      'constructor=a',
      'gpu_memory=40',
      'spot=true',
      'language=python',
      'language=rust',
      'zip=',
      'version=1.2.3',
    ];
    expect(given.reduce((before, text) => collectAttribute(text, before), {})).toEqual({
      constructor: 'a',
      gpu_memory: 40,
      spot: true,
      language: ['python', 'rust'],
      zip: '',
      version: '1.2.3',
    });
  });

  test('numbers out of range are refused', () => {
    expect(integerOption('--slots', 1, 10)('10')).toBe(10);
    for (const bad of ['0', '11', '1.5', 'x', ''])
      expect(() => integerOption('--slots', 1, 10)(bad)).toThrow('--slots');
    expect(numberOption('--cost')('2.5')).toBe(2.5);
    for (const bad of ['-1', '', 'free']) expect(() => numberOption('--cost')(bad)).toThrow('--cost');
  });
});
