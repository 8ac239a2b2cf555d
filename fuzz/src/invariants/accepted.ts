/** Ids of tasks, workflows, messages and payloads, wherever they are in a text. */
const IDS = /\b(?:(?:[tw]\d{1,4}|m)-[0-9a-z]{8,40}|[A-Za-z0-9][\w-]*\.[0-9a-f]{64})\b/g;

/** What the services have said yes to: whatever is stored must be about one of these. */
export class Accepted {
  private readonly ids = new Set<string>();

  /** Takes note of the ids in an answer that is no refusal. */
  note(text: string): void {
    for (const [id] of text.matchAll(IDS)) this.ids.add(id);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }
}
