import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSUMED_MS } from '../domain/locality/distances';
import { readDistances } from './read-distances';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latencies-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function file(content: string): string {
  const path = join(directory, 'latencies');
  writeFileSync(path, content);
  return path;
}

test('latencies come from a file; without one they are assumed', () => {
  expect(readDistances(file('eu-west,us-east,80\n')).between('us-east', 'eu-west')).toBe(80);
  expect(readDistances('').between('us-east', 'eu-west')).toBe(ASSUMED_MS.elsewhere);
});

test('a file that cannot be used is one clear fault of the setting', () => {
  const faultOf = (path: string): unknown => {
    try {
      return readDistances(path);
    } catch (error) {
      return error;
    }
  };
  const none = join(directory, 'none.csv');
  expect(() => readDistances(none)).toThrow(/REGION_LATENCIES: .*none\.csv: .*ENOENT/);
  expect(faultOf(file('eu-west,us-east,fast'))).toMatchObject({
    code: 'invalid-configuration',
    findings: [
      { pointer: '/REGION_LATENCIES', message: expect.stringContaining('line 1: expected') as string },
    ],
  });
});
