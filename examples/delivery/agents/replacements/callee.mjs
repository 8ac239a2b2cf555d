/** Replaces a function by one that takes the same arguments. */

/** @param {string} name @param {string} why @param {{ calls?: number, caution?: string }} [limits] */
export function replaceCallee(name, why, { calls, caution } = {}) {
  return ({ node, expression, form }) => {
    if (form === 'new') return { manual: 'it is called with new' };
    if (calls !== undefined && (form !== 'call' || expression.arguments.length !== calls)) {
      return { manual: `only a call with ${calls} arguments means the same as ${name}` };
    }
    return {
      edits: [{ start: node.start, end: node.end, after: name }],
      decision: name,
      why,
      ...(caution && { caution }),
    };
  };
}
