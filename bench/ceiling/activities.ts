/** The only activity of the ceiling. */
export function nothing(): Promise<void> {
  return Promise.resolve();
}
