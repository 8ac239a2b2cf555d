/**
 * The deprecated APIs that this pipeline can replace, with their codes from Node.js' list of deprecations.
 * A further API is one row here and one entry in `../replacements/index.mjs`.
 */

/**
 * @typedef {object} DeprecatedApi
 * @property {string} id as a change request names it
 * @property {'member' | 'buffer' | 'method'} kind member of a built-in module, the Buffer constructor, or a method of values
 * @property {string} [module]
 * @property {string} member
 * @property {string} code of the deprecation; `Annex B` for what ECMA-262 keeps for browsers only
 * @property {string} why
 */

/** @type {DeprecatedApi[]} */
export const DEPRECATED_APIS = [
  {
    id: 'url.parse',
    kind: 'member',
    module: 'url',
    member: 'parse',
    code: 'DEP0169',
    why: 'its parsing is not standardized and has been the source of host-spoofing faults',
  },
  {
    id: 'url.resolve',
    kind: 'member',
    module: 'url',
    member: 'resolve',
    code: 'DEP0169',
    why: 'it parses with url.parse and inherits its faults',
  },
  {
    id: 'Buffer()',
    kind: 'buffer',
    module: 'buffer',
    member: 'Buffer',
    code: 'DEP0005',
    why: 'a number where a text was expected gives a buffer of that size instead of an error',
  },
  {
    id: 'String.prototype.substr',
    kind: 'method',
    member: 'substr',
    code: 'Annex B',
    why: 'the language standard advises new code against it and asks only browsers to have it',
  },
  {
    id: 'fs.exists',
    kind: 'member',
    module: 'fs',
    member: 'exists',
    code: 'DEP0034',
    why: 'its callback has no error argument, unlike every other callback of Node.js',
  },
  {
    id: 'util.isArray',
    kind: 'member',
    module: 'util',
    member: 'isArray',
    code: 'DEP0044',
    why: 'Array.isArray does the same, and the rest of this family is gone since Node.js 23',
  },
  {
    id: 'util._extend',
    kind: 'member',
    module: 'util',
    member: '_extend',
    code: 'DEP0060',
    why: 'it was never meant to be public, and Object.assign does the same',
  },
];

/** @param {string} id */
export const apiOf = (id) => DEPRECATED_APIS.find((api) => api.id === id);
