import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { expectProblem } from './client';
import type { Reply } from './reply';
import { POSTS } from './posts';
import { START_MS, startService, type Service } from './service';

let service: Service;

beforeAll(async () => {
  service = await startService();
}, START_MS);
afterAll(async () => service.end(), START_MS);

const PARALLEL = 20;

const postSchema = z.object({ parameters: z.array(z.object({ name: z.string() })).default([]) });

/** The POSTs that take a key, according to the service itself. */
async function keyedPosts(): Promise<string[]> {
  const { body } = await service.client.call('GET', '/openapi.json');
  const document = z.object({ paths: z.record(z.string(), z.looseObject({})) }).parse(body);
  return Object.entries(document.paths)
    .filter(([, { post }]) => {
      const { parameters } = postSchema.catch({ parameters: [] }).parse(post);
      return parameters.some(({ name }) => name === 'Idempotency-Key');
    })
    .map(([path]) => path);
}

/** The parts by which a client can distinguish two responses. */
const answerOf = ({ status, text, headers }: Reply) =>
  `${status} ${headers.get('Location') ?? ''} ${headers.get('Cache-Control') ?? ''} ${text}`;

describe('Every POST that takes an Idempotency-Key', () => {
  it('is in the list of this test', async () => {
    expect(Object.keys(POSTS).toSorted()).toEqual((await keyedPosts()).toSorted());
  });

  it.each(Object.entries(POSTS))(
    'gives the same response to 20 requests at once and one more; another body gets 422: %s',
    async (template, arrange) => {
      const { by, path = template, body, otherBody } = await arrange(service);
      const headers = { 'Idempotency-Key': randomUUID() };
      const send = async () => by.call('POST', path, { headers, ...(body && { body }) });

      const replies = await Promise.all(Array.from({ length: PARALLEL }, send));
      replies.push(await send());

      expect(new Set(replies.map(answerOf)).size).toBe(1);
      expect(replies[0]?.status.toString()).toMatch(/^20[0124]$/);
      const other = await by.call('POST', path, { headers, body: otherBody ?? { surprise: true } });
      // The key of a logout belongs to its session, and only the endpoint knows the session.
      if (template === '/v1/auth/logout') expectProblem(other, 400, 'validation-failed');
      else expectProblem(other, 422, 'idempotency-key-reused');
    },
    60_000,
  );
});
