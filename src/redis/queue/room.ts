/**
 * Milliseconds since 1970. Tests pass a clock. The service uses the clock of Redis, which is the same for every
 * process.
 */
export type Clock = () => number;

/** The time for a script. '' makes the script ask Redis. */
export const clockArgument = (clock: Clock | undefined): string => (clock ? String(clock()) : '');

/** One hash tag for each room: its keys share a slot of a cluster, and the rooms are spread over the slots. */
export const roomKey = (room: string, part: string): string => `queue:{${room}}:${part}`;
