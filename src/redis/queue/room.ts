/** Milliseconds since 1970. Tests bring one; the service goes by Redis's, which is the same for every process. */
export type Clock = () => number;

/** What a script reads the time from: '' where it is to ask Redis. */
export const clockArgument = (clock: Clock | undefined): string => (clock ? String(clock()) : '');

/** One hash tag for a room: its keys share a slot of a cluster, and rooms are spread. */
export const roomKey = (room: string, part: string): string => `queue:{${room}}:${part}`;
