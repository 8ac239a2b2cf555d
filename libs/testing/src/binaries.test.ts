import { dirname } from 'node:path';
import { findBinary, MissingBinaryError } from './binaries';

const nodeDir = dirname(process.execPath);

test('a server is found on the PATH, and in the usual places beside it', () => {
  expect(findBinary('node', nodeDir, [])).toBe(`${nodeDir}/node`);
  expect(findBinary('node', '', [nodeDir])).toBe(`${nodeDir}/node`);
});

test('a missing server is one clear error with the remedy', () => {
  expect(() => findBinary('nats-server', '/nowhere', [])).toThrow(MissingBinaryError);
  expect(() => findBinary('nats-server', '/nowhere', [])).toThrow(
    /nats-server is not installed .* run "npm test" once/,
  );
});
