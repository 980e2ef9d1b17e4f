import { accountSchema, loginAnswerSchema } from '../../src/api/accounts/schema';
import { asPerson, loginCall, newId, signUpCall } from './people';
import type { Person } from './exchange';
import type { Service } from './service';
import type { Teller } from './teller';

/** Flow 1 of the diagrams: a login and a rejected login. */
export async function tellSignIn(service: Service, teller: Teller): Promise<Person> {
  teller.chapter('Signing up and logging in');
  const id = newId('Mina');

  teller.say('Mina signs up.');
  await service.ask(signUpCall(id), { status: 201, body: accountSchema });

  teller.say(
    'The API rejects a wrong password. Its text and its response time are the same as for an unknown id.',
  );
  await service.refuse(loginCall(id, 'a seat at the back'), 401, 'invalid-credentials');

  teller.say(
    'With the right password she gets an access token, a refresh token, and a place in the queue with its token.',
  );
  const login = await service.ask(loginCall(id), { status: 200, body: loginAnswerSchema });
  return asPerson('Mina', id, login);
}
