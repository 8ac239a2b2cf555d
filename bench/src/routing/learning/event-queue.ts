interface Event<T> {
  atMs: number;
  value: T;
}

/** What is to happen, the earliest first: a binary heap. */
export class EventQueue<T> {
  private readonly heap: Event<T>[] = [];

  add(atMs: number, value: T): void {
    const { heap } = this;
    const event = { atMs, value };
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = heap[(at - 1) >> 1] as Event<T>;
      if (above.atMs <= atMs) break;
      heap[at] = above;
    }
    heap[at] = event;
  }

  take(): Event<T> | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return first;
  }

  private sink(event: Event<T>): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && (heap[right] as Event<T>).atMs < (heap[child] as Event<T>).atMs) child = right;
      if ((heap[child] as Event<T>).atMs >= event.atMs) break;
      heap[at] = heap[child] as Event<T>;
      at = child;
    }
    heap[at] = event;
  }
}
