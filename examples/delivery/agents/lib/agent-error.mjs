/** A fault that the reader can act on; everything else is printed with its stack. */
export class AgentError extends Error {}
