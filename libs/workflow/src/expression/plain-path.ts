/** Names and indices one after the other, in ASCII and without escapes: what most paths are. */
const PLAIN =
  /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\['[ -&(-[\]-~]*'\]|\["[ !#-[\]-~]*"\]|\[(?:0|-?[1-9][0-9]{0,8})\])*$/;
const PART = /\.([A-Za-z0-9_]+)|\[(?:'([^']*)'|"([^"]*)"|(-?[0-9]+))\]/g;

/**
 * The names and indices of a path that has nothing else; undefined of any other one, also of one that is wrong: that is for
 * the library to say, which takes many times longer.
 */
export function plainParts(text: string): (string | number)[] | undefined {
  if (!PLAIN.test(text)) return undefined;
  return Array.from(text.matchAll(PART), ([, name, single, double, index]) =>
    index === undefined ? (name ?? single ?? double ?? '') : Number(index),
  );
}
