import { z } from 'zod';
import { canonicalLogin, LOGIN, LOGIN_LENGTH } from '../../domain/accounts/login';
import { passwordFault } from '../../domain/accounts/passwordRules';
import { ROLES } from '../../domain/accounts/roles';
import { assignmentFields } from './staff/schema';
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
  .meta({
    description: 'Case does not matter. The service stores the id in NFC, with its case folded',
    examples: ['mina'],
  });

const newPasswordSchema = z
  .string()
  .min(8)
  .max(128)
  .superRefine((password, context) => addPasswordFault(context, [], passwordFault(password, [])))
  .meta({ description: 'Any characters. Not a common password, and not the id' });

const credentials = { id: newLoginSchema, password: newPasswordSchema };

export const signUpSchema = z
  .strictObject({ ...credentials, name: z.string().trim().min(1).max(100).optional() })
  .superRefine(({ id, password, name }, context) =>
    addPasswordFault(context, ['password'], passwordFault(password, name === undefined ? [id] : [id, name])),
  );

export const accountSchema = z
  .object({ userId: z.uuid(), id: z.string(), name: z.string().nullable() })
  .meta({ id: 'Account' });

/** The login looks up any text that could be an id, so that a wrong id gets the same response as an unknown one. */
export const loginSchema = z.strictObject({
  id: z.string().max(1_024).transform(canonicalLogin),
  password: z.string().max(1_024),
});

const tokenPair = {
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number().int().describe('Lifetime of the access token in seconds'),
  refreshToken: z.string().describe('Works once. A refresh returns a new one'),
};

export const tokenPairSchema = z.object(tokenPair).meta({ id: 'TokenPair' });

export const loginAnswerSchema = z
  .object({ ...tokenPair, queueToken: z.string(), queue: queueSchema })
  .meta({ id: 'LoginAnswer' });

export const refreshSchema = z.strictObject({ refreshToken: z.string().max(1_024) });

export const newStaffSchema = z
  .strictObject({ ...credentials, role: z.enum(['STAFF', 'OPERATOR']), ...assignmentFields })
  .superRefine(({ id, password }, context) =>
    addPasswordFault(context, ['password'], passwordFault(password, [id])),
  )
  .refine(
    ({ role, venueIds, scheduleIds }) => role === 'STAFF' || venueIds.length + scheduleIds.length === 0,
    {
      path: ['role'],
      message: 'Only STAFF can be limited to venues and schedules',
    },
  );

export const staffSchema = z
  .object({ userId: z.uuid(), id: z.string(), role: z.enum(['STAFF', 'OPERATOR']) })
  .meta({ id: 'Staff' });

export const passwordChangeSchema = z
  .strictObject({ currentPassword: z.string().max(1_024), newPassword: newPasswordSchema })
  .refine(({ currentPassword, newPassword }) => currentPassword !== newPassword, {
    path: ['newPassword'],
    message: 'Must differ from the current password',
  });

export const accountParams = z.object({
  id: z
    .string()
    .min(1)
    .max(1_024)
    .meta({ description: 'The `userId`, or the id with which the user logs in' }),
});

export const accountChangeSchema = z
  .strictObject({
    role: z.enum(ROLES).optional(),
    disabled: z
      .boolean()
      .optional()
      .meta({ description: 'true: the account can neither log in nor refresh' }),
  })
  .refine((change) => Object.keys(change).length > 0, 'Give a role, disabled, or both');

export const accountStateSchema = z
  .object({
    userId: z.uuid(),
    id: z.string(),
    name: z.string().nullable(),
    role: z.enum(ROLES),
    disabled: z.boolean(),
  })
  .meta({ id: 'AccountState' });

function addPasswordFault(
  context: z.core.$RefinementCtx,
  path: readonly string[],
  message: string | null,
): void {
  if (message !== null) context.addIssue({ code: 'custom', path: [...path], message });
}
