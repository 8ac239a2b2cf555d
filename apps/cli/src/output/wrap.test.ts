import { wrapText } from './wrap';

test('breaks between words, never inside one, and loses none', () => {
  const text = 'limit "api" allows 2 at the same time, and 2 are placed or running';
  const lines = wrapText(text, 40);
  expect(lines).toEqual(['limit "api" allows 2 at the same time,', 'and 2 are placed or running']);
  expect(wrapText('t3-01a203efe53c1c3a11d42cb6b8-and-much-longer-than-that so', 30)).toHaveLength(2);
  expect(wrapText('', 40)).toEqual(['']);
});

test('a window that is too narrow for a column is not made worse', () => {
  expect(wrapText('one two three four five six', 3)).toEqual(['one two three four five six']);
  expect(wrapText('one two three', Infinity)).toEqual(['one two three']);
});
