import fc from 'fast-check';
import { cronTimes, timingFaults, type Timing } from './cron-times';

const MINUTE_MS = 60_000;

/** The times in a stretch, as `hh:mm` of the time zone and the hours from UTC where they tell two apart. */
function timesIn(timing: Timing, from: string, to: string): string[] {
  const times = cronTimes(timing);
  const found: string[] = [];
  for (let at = times.next(Date.parse(from)); at !== undefined && at <= Date.parse(to); at = times.next(at))
    found.push(new Date(at).toISOString().slice(5, 16));
  return found;
}

describe('the change to summer time', () => {
  const night = ['2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'] as const;
  test.each<[string, string[]]>([
    ['0 2 * * *', ['03-29T01:00']],
    ['30 2 * * *', ['03-29T01:00']],
    ['15,45 2 * * *', ['03-29T01:00']],
    ['0 3 * * *', ['03-29T01:00']],
    ['0 1-4 * * *', ['03-29T00:00', '03-29T01:00', '03-29T02:00']],
    ['*/30 2 * * *', []],
  ])('in Berlin %s comes at %j', (cron, expected) => {
    expect(timesIn({ cron, timeZone: 'Europe/Berlin' }, ...night)).toEqual(expected);
  });

  test('what comes every hour or every quarter goes on evenly', () => {
    for (const [cron, step] of [
      ['0 * * * *', 60],
      ['*/15 * * * *', 15],
    ] as const)
      for (const [timeZone, from] of [
        ['Europe/Berlin', '2026-03-28T22:00:00Z'],
        ['Europe/Berlin', '2026-10-24T22:00:00Z'],
        ['America/New_York', '2026-03-08T04:00:00Z'],
        ['America/New_York', '2026-11-01T03:00:00Z'],
      ] as const) {
        const times = cronTimes({ cron, timeZone });
        let at = Date.parse(from);
        for (let count = 0; count < 20; count += 1) {
          const next = times.next(at);
          expect(next).toBe(at + step * MINUTE_MS);
          at += step * MINUTE_MS;
        }
      }
  });

  test('in New York a daily time in the gap comes right behind it', () => {
    const timing = { cron: '30 2 * * *', timeZone: 'America/New_York' };
    expect(timesIn(timing, '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z')).toEqual([
      '03-08T07:00',
      '03-09T06:30',
    ]);
  });
});

describe('the change back', () => {
  test.each<[string, string, string[]]>([
    ['Europe/Berlin', '30 2 * * *', ['10-25T00:30']],
    ['Europe/Berlin', '0 2 * * *', ['10-25T00:00']],
    ['Europe/Berlin', '*/30 2 * * *', ['10-25T00:00', '10-25T00:30', '10-25T01:00', '10-25T01:30']],
    ['America/New_York', '30 1 * * *', ['10-25T05:30']],
  ])('in %s %s comes at %j', (timeZone, cron, expected) => {
    expect(timesIn({ cron, timeZone }, '2026-10-24T18:00:00Z', '2026-10-25T12:00:00Z')).toEqual(expected);
  });

  test('where the clock goes by half an hour what comes every hour keeps to the full hours of the clock', () => {
    const hourly = { cron: '0 * * * *', timeZone: 'Australia/Lord_Howe' };
    expect(timesIn(hourly, '2026-10-03T14:00:00Z', '2026-10-03T17:00:00Z')).toEqual([
      '10-03T14:30',
      '10-03T16:00',
      '10-03T17:00',
    ]);
    expect(timesIn(hourly, '2026-04-04T13:30:00Z', '2026-04-04T16:30:00Z')).toEqual([
      '04-04T14:00',
      '04-04T15:30',
      '04-04T16:30',
    ]);
  });
});

test('every minute of a day, as the wall shows it, comes exactly when its fields say so, away from changes of the clock', () => {
  const field = (most: number): fc.Arbitrary<string> =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 0, max: most }).map(String),
      fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
      fc.uniqueArray(fc.integer({ min: 0, max: most }), { minLength: 2, maxLength: 4 }).map(String),
    );
  const fits = (text: string, value: number): boolean =>
    text === '*' ||
    (text.startsWith('*/')
      ? value % Number(text.slice(2)) === 0
      : text.split(',').map(Number).includes(value));
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'Asia/Kathmandu',
    'America/St_Johns',
    'Pacific/Chatham',
  );
  fc.assert(
    fc.property(
      field(59),
      field(23),
      zone,
      fc.integer({ min: 0, max: 5_000 }),
      (minute, hour, timeZone, start) => {
        const from = Date.parse('2026-06-02T00:00:00Z') + start * MINUTE_MS;
        const clock = new Intl.DateTimeFormat('en', {
          timeZone,
          hourCycle: 'h23',
          hour: 'numeric',
          minute: 'numeric',
        });
        const expected: number[] = [];
        for (let at = from + MINUTE_MS; at <= from + 300 * MINUTE_MS; at += MINUTE_MS) {
          const [hours = NaN, minutes = NaN] = clock.format(at).split(':').map(Number);
          if (fits(hour, hours) && fits(minute, minutes)) expected.push(at);
        }
        const times = cronTimes({ cron: `${minute} ${hour} * * *`, timeZone });
        const found: number[] = [];
        for (let at = times.next(from); at !== undefined && at <= from + 300 * MINUTE_MS; at = times.next(at))
          found.push(at);
        expect(found).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('no time is before "from" or behind "until", both are times themselves', () => {
  const timing = {
    cron: '0 * * * *',
    timeZone: 'UTC',
    from: '2026-01-01T10:00:00Z',
    until: '2026-01-01T12:00:00Z',
  };
  expect(timesIn(timing, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')).toEqual([
    '01-01T10:00',
    '01-01T11:00',
    '01-01T12:00',
  ]);
});

test.each<[Partial<Timing>, string, string]>([
  [{ cron: '* * * * * *' }, '/cron', '6 fields'],
  [{ cron: '61 * * * *' }, '/cron', 'minute: 61'],
  [{ cron: '? * * * *' }, '/cron', '?'],
  [{ cron: '@reboot' }, '/cron', '@hourly'],
  [{ cron: '0 0 30 2 *' }, '/cron', 'no time comes'],
  [{ timeZone: 'Europe/Berlln' }, '/timeZone', 'Europe/Berlin'],
  [{ from: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }, '/until', 'before'],
  [{ until: '2020-01-01T00:00:00Z' }, '/cron', 'no time comes'],
])('%j is refused, with what to do', (wrong, pointer, words) => {
  const faults = timingFaults({ cron: '0 0 * * *', timeZone: 'UTC', ...wrong }, Date.parse('2026-01-01'));
  expect(faults).toMatchObject([{ pointer, message: expect.stringContaining(words) }]);
});

test.each(['@daily', '0 9 * * MON-FRI', '0 0 L * *', '0 0 * * 1#1'])('%s is understood', (cron) => {
  expect(timingFaults({ cron, timeZone: 'UTC' }, 0)).toEqual([]);
});
