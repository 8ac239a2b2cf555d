/**
 * The lower median of the first `count` (1 or more) of `values`, which are put into another order: Hoare's quickselect, in linear
 * time on average. No value may be NaN.
 */
export function medianOf(values: Float64Array, count: number): number {
  const wanted = (count - 1) >> 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = at(values, (low + high) >> 1);
    let left = low;
    let right = high;
    while (left <= right) {
      while (at(values, left) < pivot) left += 1;
      while (at(values, right) > pivot) right -= 1;
      if (left > right) break;
      const moved = at(values, left);
      values[left] = at(values, right);
      values[right] = moved;
      left += 1;
      right -= 1;
    }
    if (wanted <= right) high = right;
    else if (wanted >= left) low = left;
    else break;
  }
  return at(values, wanted);
}

/** Indices are inside of the array here. */
function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
