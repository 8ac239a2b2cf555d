/**
 * substr(start, length) by slice and substring. The general form `slice(start).substring(0, length)` means the same for
 * every start and length, negative ones too, and evaluates each argument once; the shorter forms are used where they are exact.
 */
export function replaceSubstr({ node, expression, form }) {
  if (form !== 'call') return { manual: 'the method is not called but passed on' };
  const [start, length, ...more] = expression.arguments;
  if (
    start === undefined ||
    more.length > 0 ||
    [start, length].some((argument) => argument?.type === 'SpreadElement')
  ) {
    return { manual: `it takes one or two arguments, here are ${expression.arguments.length}` };
  }
  const rename = (after) => ({
    start: node.property.start,
    end: node.property.end,
    after: node.computed ? `'${after}'` : after,
  });
  if (length === undefined) {
    return {
      edits: [rename('slice')],
      decision: 'slice(start)',
      why: 'without a length the two mean the same, also for a negative start',
    };
  }
  const [from, count] = [start, length].map(wholeNumber);
  if (from !== undefined && count !== undefined) {
    const end = { start: length.start, end: length.end, after: String(from + count) };
    return {
      edits: [rename('slice'), end],
      decision: 'slice(start, end)',
      why: 'both numbers are known: the end is their sum',
    };
  }
  if (from === 0) {
    return {
      edits: [rename('substring')],
      decision: 'substring(0, length)',
      why: 'from 0 the end is the length, and a negative one gives an empty text in both',
    };
  }
  return {
    edits: [rename('slice'), { start: start.end, end: length.start, after: ').substring(0, ' }],
    decision: 'slice(start).substring(0, length)',
    why: 'the length is known only at run time: this form is exact for negative values too',
  };
}

const wholeNumber = (node) =>
  node.type === 'Literal' && Number.isInteger(node.value) && node.value >= 0 ? node.value : undefined;
