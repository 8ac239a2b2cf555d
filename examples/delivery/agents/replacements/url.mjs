/** url.parse and url.resolve by the WHATWG parser. */
import { propertyName } from '../lib/source.mjs';

/** Properties that have one name and one value in both, for every web address with a plain host name. */
const SAME = new Set(['protocol', 'hostname']);

export function replaceParse(use, source, name) {
  if (use.form !== 'call')
    return { manual: 'the function is passed on: who calls it, and with how many arguments, is not seen' };
  const [link, query, slashes] = use.expression.arguments;
  if (!link || link.type === 'SpreadElement' || query?.type === 'SpreadElement')
    return { manual: 'its arguments are not seen' };
  if (slashes && slashes.value !== false)
    return { manual: 'slashesDenoteHost has no counterpart in the WHATWG parser' };
  const read = propertiesRead(use.expression, source);
  if (query === undefined && isWebAddress(link) && read?.every((property) => SAME.has(property))) {
    return {
      edits: [{ start: use.node.start, end: use.node.end, after: 'new URL' }],
      decision: 'new URL',
      why: `the address is absolute in the text, and only ${read.join(', ')} is read, which is the same in both`,
    };
  }
  const what = read === undefined ? 'the result is passed on' : `${read.join(', ') || 'nothing'} is read`;
  return {
    edits: [{ start: use.node.start, end: use.node.end, after: name('parseUrl') }],
    decision: 'parseUrl of the compatibility module',
    why: `${what}, and the link may be relative, which new URL() refuses`,
    helper: 'parseUrl',
  };
}

export function replaceResolve(use, _source, name) {
  if (use.form !== 'call' || use.expression.arguments.length !== 2)
    return { manual: 'only a call with a base and a link can be replaced' };
  return {
    edits: [{ start: use.node.start, end: use.node.end, after: name('resolveUrl') }],
    decision: 'resolveUrl of the compatibility module',
    why: 'the base may be relative, which new URL() refuses',
    helper: 'resolveUrl',
  };
}

/** Absolute as it is written, with its whole host: a slash must follow before anything is filled in. */
function isWebAddress(node) {
  const filled = node.type === 'TemplateLiteral' && node.expressions.length > 0;
  const text = node.type === 'TemplateLiteral' ? node.quasis[0].value.cooked : String(node.value);
  return (filled ? /^https?:\/\/[a-z0-9.-]+(:\d+)?\//i : /^https?:\/\/[a-z0-9.-]+(:\d+)?(\/|$)/i).test(text);
}

/** Properties that are read of a result, sorted; undefined where it is handed to something that may read any. */
export function propertiesRead(expression, source) {
  const parent = source.ancestors(expression).at(-1);
  if (parent.type === 'MemberExpression' && parent.object === expression)
    return known([propertyName(parent)]);
  if (parent.type !== 'VariableDeclarator' || parent.init !== expression) return undefined;
  if (parent.id.type === 'ObjectPattern')
    return known(
      parent.id.properties.map((part) => (part.type === 'Property' ? propertyName(part) : undefined)),
    );
  const [variable] = source.scopes.getDeclaredVariables(parent);
  const reads = variable.references.filter((reference) => reference.isRead());
  return known(
    reads.map(({ identifier }) => {
      const outer = source.ancestors(identifier).at(-1);
      return outer.type === 'MemberExpression' && outer.object === identifier
        ? propertyName(outer)
        : undefined;
    }),
  );
}

const known = (names) => (names.includes(undefined) ? undefined : [...new Set(names)].sort());
