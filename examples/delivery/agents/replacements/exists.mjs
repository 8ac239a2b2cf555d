/** fs.exists by fs.access, with the callback told the opposite of "there was an error". */
import { simple } from 'acorn-walk';
import { propertyName, textOf } from '../lib/source.mjs';

const WHY =
  'fs.access reports through an error as its first argument, as all callbacks do; no error means that the file is there';

export function replaceExists(use, source) {
  if (use.form === 'promisified') return replacePromisified(use, source);
  if (use.form !== 'call') return { manual: 'the function is not called but passed on' };
  const [file, callback, ...more] = use.expression.arguments;
  if (!file || !callback || more.length > 0 || callback.type === 'SpreadElement')
    return { manual: 'it does not have a path and a callback' };
  const callee = replaceName(use, 'access');
  if (callee.manual) return callee;
  const { edits, style } = adaptCallback(callback, source);
  return {
    edits: [...callee.edits, ...edits],
    decision: `fs.access, ${style}`,
    why: WHY,
    caution: 'a path that is neither text nor buffer nor URL makes fs.access throw; fs.exists answered false',
    keepsBinding: true,
    ...(callee.rename && { rename: callee.rename }),
  };
}

/** `fs.exists` → `fs.access`; a destructured `exists` is renamed together with its require. */
function replaceName({ node, binding }, member) {
  if (node.type === 'MemberExpression' && !node.computed) {
    return { edits: [{ start: node.property.start, end: node.property.end, after: member }] };
  }
  const { part, variable } = binding ?? {};
  const free = part?.type === 'Property' && !variable.scope.set.has(member);
  if (!free) return { manual: `the name it came through cannot become ${member}` };
  return { edits: [{ start: node.start, end: node.end, after: member }], rename: member };
}

function adaptCallback(callback, source) {
  const error = freeName(callback, source);
  const block =
    callback.body?.type === 'BlockStatement' &&
    callback.params.length === 1 &&
    callback.params[0].type === 'Identifier';
  if (block && !usesArguments(callback)) {
    const [parameter] = callback.params;
    const open = callback.body.start + 1;
    const indent = /^\s*/.exec(source.text.slice(open))[0];
    const found = `${indent || ' '}const ${parameter.name} = !${error};`;
    const edits = [
      { start: parameter.start, end: parameter.end, after: error },
      { start: open, end: open, after: found },
    ];
    return { edits, style: 'the parameter read from the error' };
  }
  const name = callback.type === 'Identifier';
  const edits = [
    { start: callback.start, end: callback.start, after: name ? `(${error}) => ` : `(${error}) => (` },
    { start: callback.end, end: callback.end, after: name ? `(!${error})` : `)(!${error})` },
  ];
  return { edits, style: 'the callback wrapped' };
}

/** A parameter that is assigned to, or seen through `arguments`, keeps its function as it is. */
function usesArguments(callback) {
  let found = false;
  simple(callback.body, {
    Identifier: (node) => {
      if (node.name === 'arguments') found = true;
    },
    AssignmentExpression: ({ left }) => {
      if (left.name === callback.params[0].name) found = true;
    },
  });
  return found;
}

function freeName(callback, source) {
  const text = textOf(source, callback);
  return (
    ['error', 'accessError', 'fileAccessError'].find((name) => !new RegExp(`\\b${name}\\b`).test(text)) ??
    'existsAccessError'
  );
}

/** promisify(fs.exists) has a special case in Node.js; written out, it is an access that cannot fail. */
function replacePromisified({ node, expression }, source) {
  if (node.type !== 'MemberExpression' || node.computed || propertyName(node) !== 'exists') {
    return { manual: 'the promisified function does not come from a name for fs' };
  }
  const fs = textOf(source, node.object);
  return {
    edits: [
      {
        start: expression.start,
        end: expression.end,
        after: `(file) => ${fs}.promises.access(file).then(() => true, () => false)`,
      },
    ],
    decision: 'fs.promises.access',
    why: 'a promise of true or false, as before; nothing is promisified any more',
    keepsBinding: true,
  };
}
