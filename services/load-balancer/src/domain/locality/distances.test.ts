import { ASSUMED_MS, Distances, parseDistances } from './distances';

test('what is told counts in both directions, unless both are told', () => {
  const distances = new Distances([
    ['eu-west', 'us-east', 80],
    ['us-east', 'ap-south', 200],
    ['ap-south', 'us-east', 210],
  ]);
  expect(distances.between('eu-west', 'us-east')).toBe(80);
  expect(distances.between('us-east', 'eu-west')).toBe(80);
  expect(distances.between('us-east', 'ap-south')).toBe(200);
  expect(distances.between('ap-south', 'us-east')).toBe(210);
});

test('of regions of which nothing is told, the own one is nearest, then those of the same area', () => {
  const distances = new Distances();
  expect(distances.between('eu-west', 'eu-west')).toBe(ASSUMED_MS.own);
  expect(distances.between('eu-west', 'eu-central')).toBe(ASSUMED_MS.sameArea);
  expect(distances.between('eu_1', 'eu_2')).toBe(ASSUMED_MS.sameArea);
  expect(distances.between('eu-west', 'us-west')).toBe(ASSUMED_MS.elsewhere);
  expect(distances.between('lab', 'lab2')).toBe(ASSUMED_MS.elsewhere);
});

test('a table is JSON, or lines with a heading and comments', () => {
  const pairs = [
    ['eu-west', 'us-east', 80],
    ['eu-west', 'ap-south', 130.5],
  ];
  expect(parseDistances('{"eu-west": {"us-east": 80, "ap-south": 130.5}}')).toEqual(pairs);
  expect(
    parseDistances('from,to,ms\n# measured in spring\neu-west, us-east, 80\r\n\neu-west,ap-south,130.5\n'),
  ).toEqual(pairs);
  expect(parseDistances('')).toEqual([]);
});

test.each<[string, string, string]>([
  ['half of JSON', '{"eu-west": {', 'not JSON'],
  ['a region without a target', '{"eu-west": 5}', 'eu-west: expected two regions'],
  ['a latency that is no number', 'eu-west,us-east,fast', 'line 1: expected milliseconds from 0 to 60000'],
  ['no latency', 'eu-west,us-east', 'line 1: expected milliseconds'],
  ['a negative latency', '{"a":{"b":-1}}', 'a.b: expected milliseconds'],
  ['an endless latency', 'a,b,Infinity', 'line 1: expected milliseconds'],
  ['a pattern', 'eu-*,us-east,5', 'line 1: expected two regions'],
  ['a pair that is told twice', 'a,b,1\na,b,2', 'line 2: a to b is told twice'],
])('%s is refused', (_, text, message) => {
  expect(() => parseDistances(text)).toThrow(message);
});
