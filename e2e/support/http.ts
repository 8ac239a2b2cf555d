/** What an orchestrator answered. */
export interface Answer<T> {
  status: number;
  body: T;
}

/** One request on a connection of its own, which no test has to close. @param body sent as JSON, with POST */
export async function call<T>(url: string, body?: unknown): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const response = await fetch(url, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  // The contract of the route says what it answers; what a test reads of it, it also asserts.
  return { status: response.status, body: (await response.json()) as T };
}
