/**
 * Connects to a server of the service, or asks it. The drivers' own messages do not name the server that is missing.
 *
 * @throws with the name of the server
 */
export async function reach<Result>(server: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : String(cause);
    throw new Error(`${server} cannot be reached: ${reason}`, { cause });
  }
}
