import fc from 'fast-check';
import { TraceColumn } from './trace-column';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef')),
    minLength: length,
    maxLength: length,
  });

test('a trace context comes out as it went in, also after the column has grown', () => {
  const trace = fc
    .tuple(hex(2), hex(32), hex(16), hex(2))
    .map((parts) => parts.join('-'))
    .map((text) => text as string | undefined);
  fc.assert(
    fc.property(fc.array(fc.option(trace, { nil: undefined }), { minLength: 1, maxLength: 8 }), (traces) => {
      const column = new TraceColumn();
      column.grow(traces.length);
      traces.forEach((each, row) => {
        column.set(row, each);
      });
      column.grow(traces.length * 2);
      expect(traces.map((_, row) => column.get(row))).toEqual(traces);
    }),
  );
});

test('a row that is used again does not keep what was there', () => {
  const column = new TraceColumn();
  column.grow(1);
  column.set(0, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  column.set(0, 'no trace context');
  expect(column.get(0)).toBeUndefined();
});
