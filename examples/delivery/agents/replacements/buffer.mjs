/** Buffer(x) and new Buffer(x) by Buffer.from or Buffer.alloc, as the kind of the argument demands. */
import { propertyName, textOf } from '../lib/source.mjs';

export function replaceBuffer({ node, expression, form }, source) {
  const [content, encoding] = expression.arguments;
  if (content === undefined || content.type === 'SpreadElement')
    return { manual: 'without an argument there is nothing to make a buffer of' };
  const start = form === 'new' ? expression.start : node.start;
  const change = (method, why, caution) => ({
    edits: [{ start, end: node.end, after: `${textOf(source, node)}.${method}` }],
    decision: `Buffer.${method}`,
    why,
    keepsBinding: true,
    ...(caution && { caution }),
  });
  const kind = encoding === undefined ? kindOf(content, source) : 'text';
  if (kind === 'number')
    return change(
      'alloc',
      'the argument is a size: alloc fills it with zeros, as Buffer() does since Node.js 8',
    );
  if (kind === 'unknown') {
    return change(
      'from',
      'the argument is content as far as can be seen',
      'Buffer.from throws where the argument is a number at run time',
    );
  }
  return change('from', `the argument is content (${kind})`);
}

/** What an expression evaluates to, as far as the file tells. @returns {'number' | 'text' | 'list' | 'unknown'} */
function kindOf(node, source, depth = 0) {
  if (node.type === 'Literal') return { number: 'number', string: 'text' }[typeof node.value] ?? 'unknown';
  if (node.type === 'TemplateLiteral') return 'text';
  if (node.type === 'ArrayExpression') return 'list';
  if (node.type === 'BinaryExpression') return kindOfOperation(node, source, depth);
  if (node.type === 'MemberExpression')
    return /^(byteL|l)ength$/.test(propertyName(node)) ? 'number' : 'unknown';
  if (node.type === 'CallExpression') return kindOfResult(node);
  return node.type === 'Identifier' && depth < 3 ? kindOfVariable(node, source, depth) : 'unknown';
}

function kindOfOperation({ operator, left, right }, source, depth) {
  const kinds = [left, right].map((side) => kindOf(side, source, depth + 1));
  if (operator === '+')
    return kinds.includes('text') ? 'text' : kinds.every((kind) => kind === 'number') ? 'number' : 'unknown';
  return ['-', '*', '/', '%', '**', '|', '&', '<<', '>>', '>>>', '^'].includes(operator)
    ? 'number'
    : 'unknown';
}

function kindOfResult({ callee }) {
  const name =
    callee.type === 'Identifier'
      ? callee.name
      : callee.type === 'MemberExpression'
        ? propertyName(callee)
        : undefined;
  if (['Number', 'parseInt', 'ceil', 'floor', 'round', 'byteLength'].includes(name)) return 'number';
  return [
    'String',
    'toString',
    'join',
    'trim',
    'stringify',
    'toLowerCase',
    'toUpperCase',
    'replace',
  ].includes(name)
    ? 'text'
    : 'unknown';
}

/** A constant has the kind of its only value. */
function kindOfVariable(node, source, depth) {
  const scope = source.scopes.scopes.find(({ references }) =>
    references.some(({ identifier }) => identifier === node),
  );
  const variable = scope?.references.find(({ identifier }) => identifier === node)?.resolved;
  const [definition] = variable?.defs ?? [];
  const constant = definition?.parent?.kind === 'const' && definition.node.id.type === 'Identifier';
  return constant && definition.node.init ? kindOf(definition.node.init, source, depth + 1) : 'unknown';
}
