import { randomBytes } from 'node:crypto';
import { accountSchema, loginAnswerSchema } from '../../src/api/accounts/schema';
import type { Person } from './exchange';
import { expectStatus, type Service } from './service';
import { StoryFailure } from './storyFailure';

const PASSWORD = 'a seat in the front';

/** A new account name for every run, so that the demo can run again and again. */
export function newId(name: string): string {
  return `${name.toLowerCase()}-${randomBytes(3).toString('hex')}`;
}

export function signUpCall(id: string) {
  return { method: 'POST', path: '/v1/users', body: { id, password: PASSWORD } } as const;
}

export function loginCall(id: string, password = PASSWORD) {
  return { method: 'POST', path: '/v1/auth/login', body: { id, password } } as const;
}

/** Signs up and logs in without any output. */
export async function arrive(service: Service, name: string): Promise<Person> {
  const id = newId(name);
  const signedUp = await service.send(signUpCall(id));
  expectStatus(signedUp, 201);
  accountSchema.parse(signedUp.body);
  const loggedIn = await service.send(loginCall(id));
  expectStatus(loggedIn, 200);
  return asPerson(name, id, loggedIn.body);
}

/** @throws {StoryFailure} if the person has to wait in line first */
export function asPerson(name: string, id: string, login: unknown): Person {
  const { accessToken, queueToken, queue } = loginAnswerSchema.parse(login);
  if (queue.status !== 'ACTIVE') throw new StoryFailure(`${name} has to wait in line: the service is full`);
  return { name, id, accessToken, queueToken };
}
