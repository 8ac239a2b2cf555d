/** Every lease has had a second owner before the first request, so this epoch is over, */
export const OLD_EPOCH = 1;
/** and this is that of the second one. */
export const LATEST_EPOCH = 2;
