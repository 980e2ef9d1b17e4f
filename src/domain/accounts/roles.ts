/** From the fewest rights to the most. OPERATOR includes STAFF, and STAFF includes USER. */
export const ROLES = ['USER', 'STAFF', 'OPERATOR'] as const;

export type Role = (typeof ROLES)[number];

export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
