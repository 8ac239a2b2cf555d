import fc from 'fast-check';
import { SDK_LIMITS } from '../limits';
import { SseParser, type SseMessage } from './sse';

const STREAM = [
  '\uFEFF: hello\n',
  'id: 7-0\nevent: task.queued\ndata: {"a":1}\n\n',
  'data: one\r\ndata:two\r\n\r\n',
  'id:8-1\rdata\r\r',
  ': keep-alive\n\n',
  'event: nothing\n\n',
  'data: unfinished',
].join('');
const MESSAGES: SseMessage[] = [
  { id: '7-0', event: 'task.queued', data: '{"a":1}' },
  { id: '7-0', event: 'message', data: 'one\ntwo' },
  { id: '8-1', event: 'message', data: '' },
];

describe('server-sent events', () => {
  test('are read the same, wherever the stream is cut', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (given) => {
        const parser = new SseParser();
        const ends = [...given, STREAM.length].sort((a, b) => a - b);
        const seen = ends.flatMap((end, index) => parser.feed(STREAM.slice(ends[index - 1] ?? 0, end)));
        expect(seen).toEqual(MESSAGES);
      }),
    );
  });

  test('of unbounded size are refused', () => {
    const parser = new SseParser();
    expect(() => parser.feed(`data: ${'x'.repeat(SDK_LIMITS.SSE_EVENT_BYTES + 1)}`)).toThrow(/larger than/);
  });
});
