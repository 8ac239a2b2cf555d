/**
 * The same text with memory of its own. What V8 cuts out of a text, from 13 characters on, is a place in that text, and keeps all of it
 * alive: an id that is kept would keep the message that it was read from.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
