import fc from 'fast-check';
import { StepId } from '@multiswarm/contracts';
import { fromStepId, toStepId } from './step-ids';

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  fc.stringMatching(/^[x:_.a-f0-9-]{1,12}$/),
);

describe('step ids', () => {
  test('every name becomes a valid step id that leads back to it', () => {
    fc.assert(
      fc.property(name, (given) => {
        const id = toStepId(given);
        fc.pre(id.length <= 128);
        expect(StepId.safeParse(id).success).toBe(true);
        expect(fromStepId(id)).toBe(given);
      }),
    );
  });

  test('two different names never share an id', () => {
    fc.assert(fc.property(name, name, (a, b) => a === b || toStepId(a) !== toStepId(b)));
  });

  test('a name that fits stays as it is', () => {
    expect(toStepId('NFCORE_SAREK.ALIGN:BWA/mem-1')).toBe('NFCORE_SAREK.ALIGN:BWA/mem-1');
    expect(toStepId('align reads')).toBe('align:20reads');
    expect(toStepId('_start')).toBe('x::_start');
  });
});
