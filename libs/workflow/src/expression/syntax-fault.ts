/** What is wrong with the text of a condition or a path, and where. */
export class SyntaxFault extends Error {
  /** @param at offset of the first character that is wrong. */
  constructor(message: string, at?: number) {
    super(at === undefined ? message : `${message} (at character ${at + 1})`);
    this.name = 'SyntaxFault';
  }
}
