import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import * as contract from './contract';
import { expectAnswer, type Client } from './client';
import { aPlan, aSchedule, expectHold, PRICES } from './sale';
import type { Service } from './service';

/** A request that succeeds, and a request to the same path with a different body. */
export interface Post {
  by: Pick<Client, 'call'>;
  /** The path, if it contains ids. */
  path?: string;
  body?: object;
  /** Omitted if the route has no body: then any field makes the body different. */
  otherBody?: object;
}

/** Every POST of the contract that takes an `Idempotency-Key`, by its path in the OpenAPI document. */
export const POSTS: Readonly<Record<string, (service: Service) => Promise<Post>>> = {
  '/v1/users': ({ client }) => {
    const body = newAccount();
    return Promise.resolve({ by: client, body, otherBody: { ...body, name: 'Mina' } });
  },

  '/v1/auth/login': async ({ client }) => {
    const { id, password } = await client.join();
    return { by: client, body: { id, password }, otherBody: { id, password: 'another password' } };
  },

  '/v1/auth/refresh': async ({ client }) => {
    const [{ refreshToken }, another] = await Promise.all([client.join(), client.join()]);
    return { by: client, body: { refreshToken }, otherBody: { refreshToken: another.refreshToken } };
  },

  '/v1/auth/logout': async ({ client }) => ({ by: await client.join() }),

  '/v1/auth/logout-all': async ({ client }) => ({ by: await client.join() }),

  '/v1/users/me/password': async ({ client }) => {
    const user = await client.join();
    const body = { currentPassword: user.password, newPassword: `another ${user.password}` };
    return { by: user, body, otherBody: { ...body, newPassword: `the third ${user.password}` } };
  },

  '/v1/queue/tokens': async (service) => {
    const [user, { scheduleId }] = await Promise.all([service.client.join(), service.openSale()]);
    return { by: user, body: {}, otherBody: { scheduleId } };
  },

  '/v1/reservations': async (service) => {
    const [user, { seatIds }] = await Promise.all([service.buyer(), service.openSale()]);
    const { queueToken } = user;
    const body = { seatIds: seatIds.slice(0, 2), queueToken };
    return { by: user, body, otherBody: { ...body, seatIds: seatIds.slice(0, 1) } };
  },

  '/v1/reservations/{reservationId}/cancellation': async (service) => {
    const { user, reservationId } = await aHolder(service);
    expectAnswer(await user.pay(reservationId), 200, contract.paid);
    return { by: user, path: `/v1/reservations/${reservationId}/cancellation` };
  },

  '/v1/payments': async (service) => {
    const { user, reservationId } = await aHolder(service);
    const body = { reservationId, queueToken: user.queueToken };
    return { by: user, body, otherBody: { ...body, points: 0 } };
  },

  '/v1/wallet/top-ups': async ({ client }) => ({
    by: await client.join(),
    body: { amount: 10_000 },
    otherBody: { amount: 20_000 },
  }),

  '/v1/tickets/{ticketId}/reissue': async (service) => {
    const { user, ticketId } = await aTicket(service);
    return { by: user, path: `/v1/tickets/${ticketId}/reissue` };
  },

  '/v1/check-ins': async (service) => {
    const { qr } = await aTicket(service);
    return { by: service.operator, body: { qr }, otherBody: { qr, gate: 'B' } };
  },

  '/v1/admin/staff': ({ operator }) => {
    const body = { ...newAccount(), role: 'STAFF' };
    return Promise.resolve({ by: operator, body, otherBody: { ...body, role: 'OPERATOR' } });
  },

  '/v1/admin/venues': ({ operator }) => {
    const body = { name: 'Small hall', plan: aPlan() };
    return Promise.resolve({ by: operator, body, otherBody: { ...body, name: 'Large hall' } });
  },

  '/v1/admin/concerts': ({ operator }) => {
    const body = { title: 'First night', artist: 'The Holdouts' };
    return Promise.resolve({ by: operator, body, otherBody: { ...body, title: 'Second night' } });
  },

  '/v1/admin/concerts/{concertId}/schedules': async (service) => {
    const { venueId, concertId } = await service.openSale();
    const path = `/v1/admin/concerts/${concertId}/schedules`;
    const body = aSchedule(venueId);
    return { by: service.operator, path, body, otherBody: { ...body, maxSeatsPerUser: 1 } };
  },

  '/v1/admin/schedules/{scheduleId}/cancellation': async (service) => {
    const { scheduleId } = await service.openSale();
    const path = `/v1/admin/schedules/${scheduleId}/cancellation`;
    return { by: service.operator, path, body: {}, otherBody: { reason: 'The singer is ill' } };
  },

  '/v1/admin/reconciliation/runs': ({ operator }) => Promise.resolve({ by: operator }),

  '/v1/admin/reconciliation/differences/{differenceId}/resolution': async ({ operator, stack }) => {
    const path = `/v1/admin/reconciliation/differences/${await aDifference(stack)}/resolution`;
    return { by: operator, path, body: { note: 'explained' }, otherBody: { note: 'otherwise' } };
  },
};

function newAccount() {
  return { id: `fan-${randomUUID()}`, password: `password ${randomUUID()}` };
}

async function aDifference({ ownerDb }: Service['stack']): Promise<string> {
  const differenceId = randomUUID();
  const times = { arose_at: new Date(), first_seen_at: new Date(), last_seen_at: new Date() };
  await ownerDb('differences').insert({
    id: differenceId,
    kind: 'unknown-charge',
    subject: differenceId,
    status: 'OPEN',
    amount: 1,
    currency: 'KRW',
    detail: {},
    ...times,
  });
  return differenceId;
}

async function aHolder(service: Service) {
  const [{ seatIds }, user] = await Promise.all([service.openSale(), service.buyer(2 * PRICES.R)]);
  const { reservationId } = await expectHold(user, seatIds.slice(0, 1));
  return { user, reservationId };
}

async function aTicket(service: Service) {
  const { user, reservationId } = await aHolder(service);
  const { tickets } = expectAnswer(await user.pay(reservationId), 200, contract.paid);
  const ticketId = tickets[0]?.ticketId ?? '';
  const { body } = await user.get(`/v1/tickets/${ticketId}`);
  const { qr } = z.looseObject({ qr: z.string() }).parse(body);
  return { user, ticketId, qr };
}
