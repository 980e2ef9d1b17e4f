import { createHmac } from 'node:crypto';

/** The user of the page of the book. */
export const PAGE_USER = 'book';

/** The password of the page. It is derived from the shared secret, so that the secret itself is in no browser. */
export function pagePassword(secret: string): string {
  return createHmac('sha256', secret).update('the page of the book').digest('base64url');
}
