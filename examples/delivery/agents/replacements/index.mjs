/** One function per deprecated API: what to write instead, and why. */
import { replaceBuffer } from './buffer.mjs';
import { replaceExists } from './exists.mjs';
import { replaceSubstr } from './substr.mjs';
import { replaceParse, replaceResolve } from './url.mjs';
import { replaceCallee } from './callee.mjs';

/**
 * Edits are small (a name, a bracket) and never overlap, so that a use inside of the arguments of another one can be
 * replaced in the same pass, and comments between the parts stay.
 * @typedef {{ start: number, end: number, after: string }} Edit
 *
 * @typedef {object} Replacement
 * @property {Edit[]} edits
 * @property {string} decision what is written instead
 * @property {string} why
 * @property {string} [caution] where the meaning could differ
 * @property {'parseUrl' | 'resolveUrl'} [helper] function of the compatibility module that the edits call
 * @property {boolean} [keepsBinding] whether the edits still use the local name that the use came through
 * @property {string} [rename] new member for the destructured require that the use came through
 *
 * @typedef {{ manual: string }} Manual a shape that cannot be changed safely, and why
 */

/** @type {Record<string, (use: import('../lib/find-uses.mjs').Use, source: import('../lib/source.mjs').Source, name: (wanted: string) => string) => Replacement | Manual>} */
export const REPLACEMENTS = {
  'url.parse': replaceParse,
  'url.resolve': replaceResolve,
  'Buffer()': replaceBuffer,
  'String.prototype.substr': replaceSubstr,
  'fs.exists': replaceExists,
  'util.isArray': replaceCallee('Array.isArray', 'the same test, part of the language'),
  'util._extend': replaceCallee('Object.assign', 'copies the same own properties onto the same target', {
    calls: 2,
    caution: 'a text as the second argument would be copied by character; util._extend ignored it',
  }),
};
