import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, LIMITS } from '@multiswarm/contracts';
import { configurationPage } from './docs/configuration';
import { ERROR_TEXTS, errorsPage } from './docs/errors';
import { LIMIT_TEXTS, limitsPage } from './docs/limits';
import { metricsPage } from './docs/metrics';
import { natsPage } from './docs/nats';

const DOCS = join(__dirname, '../../../docs');

describe('the reference pages', () => {
  test.each([
    ['configuration.md', configurationPage],
    ['errors.md', errorsPage],
    ['limits.md', limitsPage],
    ['metrics.md', metricsPage],
    ['nats.md', natsPage],
  ])('%s says what the code says (WRITE_DOCS=1 writes it anew)', (file, page) => {
    const path = join(DOCS, file);
    if (process.env['WRITE_DOCS'] === '1') writeFileSync(path, page());
    expect(readFileSync(path, 'utf8')).toBe(page());
  });

  test('every error code and every limit is explained, and nothing that is gone', () => {
    expect(Object.keys(ERROR_TEXTS).sort()).toEqual(Object.keys(ERRORS).sort());
    expect(Object.keys(LIMIT_TEXTS).sort()).toEqual(Object.keys(LIMITS).sort());
  });
});
