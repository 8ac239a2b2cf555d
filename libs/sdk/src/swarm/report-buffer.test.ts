import { SDK_LIMITS } from '../limits';
import { ReportBuffer } from './report-buffer';

describe('the report buffer', () => {
  test('lets a report go only by the acknowledgement of its own attempt, and only once', () => {
    const buffer = new ReportBuffer();
    const first = buffer.add(0, { taskId: 'a', attempt: 1 }, '{}');
    const second = buffer.add(0, { taskId: 'a', attempt: 2 }, '{}');
    expect(buffer.acknowledge({ taskId: 'a', attempt: 3 })).toBe(false);
    expect(buffer.acknowledge({ taskId: 'a', attempt: 2 })).toBe(true);
    expect(buffer.acknowledge({ taskId: 'a', attempt: 2 })).toBe(false);
    expect([buffer.size, buffer.has(first), buffer.has(second)]).toEqual([1, true, false]);
  });

  test('is full at its limit in bytes and has room again after an acknowledgement', () => {
    const buffer = new ReportBuffer();
    const half = 'x'.repeat(SDK_LIMITS.UNREPORTED_BYTES / 2);
    buffer.add(0, { taskId: 'a', attempt: 1 }, half);
    expect(buffer.full).toBe(false);
    buffer.add(0, { taskId: 'b', attempt: 1 }, half);
    expect(buffer.full).toBe(true);
    buffer.acknowledge({ taskId: 'a', attempt: 1 });
    expect(buffer.full).toBe(false);
  });
});
