/** From least to most: OPERATOR includes STAFF, and both are users. */
export const ROLES = ['USER', 'STAFF', 'OPERATOR'] as const;

export type Role = (typeof ROLES)[number];

export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
