import fc from 'fast-check';
import { EventParser } from './server-sent-events';

const STREAM =
  ': alive\n\nid: 7\nevent: task\ndata: {"a":1}\n\ndata: two\r\ndata:lines\r\n\r\nevent: only a name\n\nid: 9\rdata: x\r\r';
const EVENTS = [
  { id: '7', event: 'task', data: '{"a":1}' },
  { id: '7', event: 'message', data: 'two\nlines' },
  { id: '9', event: 'message', data: 'x' },
];

describe('server-sent events', () => {
  test('are the same however the text is cut into portions', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length })), (cuts) => {
        const parser = new EventParser();
        const bounds = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
        const seen = bounds.slice(1).flatMap((end, index) => parser.push(STREAM.slice(bounds[index], end)));
        // A final carriage return may be half of a line break: the event is complete with what follows.
        expect([...seen, ...parser.push('\n')]).toEqual(EVENTS);
      }),
    );
  });
});
