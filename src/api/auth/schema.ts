import { z } from 'zod';
import { canonicalLogin, LOGIN, LOGIN_LENGTH } from '../../domain/login';
import { queueSchema } from '../queue/schema';

export const newLoginSchema = z
  .string()
  .trim()
  .normalize('NFC')
  .min(LOGIN_LENGTH.min, '3 to 254 characters')
  .max(LOGIN_LENGTH.max, '3 to 254 characters')
  .regex(
    LOGIN,
    'Letters, marks and digits of any script and . _ @ + -, beginning with a letter or a digit; or an e-mail address',
  )
  .transform(canonicalLogin)
  .meta({ description: 'Case does not matter; kept in NFC, with its case folded', examples: ['mina'] });

/** NIST SP 800-63B, 3.1.1.2: long enough, any characters, no rules of composition. */
export const newPasswordSchema = z.string().min(8).max(128);

export const signUpSchema = z.strictObject({
  id: newLoginSchema,
  password: newPasswordSchema,
  name: z.string().trim().min(1).max(100).optional(),
});

export const accountSchema = z
  .object({ userId: z.uuid(), id: z.string(), name: z.string().nullable() })
  .meta({ id: 'Account' });

/** Anything that could be an id is looked for, so that a wrong one gets the same answer as an unknown one. */
export const loginSchema = z.strictObject({
  id: z.string().max(1_024).transform(canonicalLogin),
  password: z.string().max(1_024),
});

const tokenPair = {
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number().int().describe('Seconds that the access token lives'),
  refreshToken: z.string().describe('For one use; it comes back with a new one'),
};

export const tokenPairSchema = z.object(tokenPair).meta({ id: 'TokenPair' });

export const loginAnswerSchema = z
  .object({ ...tokenPair, queueToken: z.string(), queue: queueSchema })
  .meta({ id: 'LoginAnswer' });

export const refreshSchema = z.strictObject({ refreshToken: z.string().max(1_024) });

export const newStaffSchema = z.strictObject({
  id: newLoginSchema,
  password: newPasswordSchema,
  role: z.enum(['STAFF', 'OPERATOR']),
});

export const staffSchema = z
  .object({ userId: z.uuid(), id: z.string(), role: z.enum(['STAFF', 'OPERATOR']) })
  .meta({ id: 'Staff' });
