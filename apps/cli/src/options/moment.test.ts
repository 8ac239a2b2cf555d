import { Fault } from '../faults';
import { momentOption } from './moment';

const NOW = Date.UTC(2024, 5, 1, 12);
const moment = momentOption('--deadline', () => NOW);

test.each([
  ['2024-06-02T08:00:00Z', '2024-06-02T08:00:00.000Z'],
  ['2024-06-02T10:00+02:00', '2024-06-02T08:00:00.000Z'],
  ['2024-06-02t08:00:00.250z', '2024-06-02T08:00:00.250Z'],
  ['90s', '2024-06-01T12:01:30.000Z'],
  ['1.5h', '2024-06-01T13:30:00.000Z'],
  ['30', '2024-06-01T12:00:30.000Z'],
])('%s is %s', (text, instant) => expect(moment(text)).toBe(instant));

test.each(['tomorrow', '2024-06-02', '2024-06-02T08:00', '2024-13-40T08:00Z', '', '9999999999999d'])(
  '%j is refused, with the option and with what would do',
  (text) => {
    expect(() => moment(text)).toThrow(Fault);
    expect(() => moment(text)).toThrow('--deadline: ');
  },
);
