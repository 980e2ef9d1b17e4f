import fileSystem from 'node:fs/promises';
import { startMetricsServer } from '../../../src/api/service/metricsServer';
import { eventually } from '../../support/eventually';
import { expectProblem, startEdge, type Edge } from '../edge';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(async () => edge.stop());

describe('GET /healthz', () => {
  it('reports that the process is alive', async () => {
    expect((await edge.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
  });
});

describe('GET /readyz', () => {
  it('lists each part when all of them respond', async () => {
    const reply = await edge.call('GET', '/readyz');
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      status: 'ok',
      parts: {
        postgres: { status: 'ok' },
        redis: { status: 'ok' },
        temporal: { status: 'ok' },
        disk: { status: 'ok' },
      },
    });
  });

  it('is 503 while the disk of the data is full', async () => {
    const full = Object.assign(await fileSystem.statfs('/'), { bavail: 10 });
    const statfs = jest.spyOn(fileSystem, 'statfs').mockResolvedValue(full);

    try {
      // The API reuses its last result for a moment.
      await eventually(async () => {
        const reply = await edge.call('GET', '/readyz');
        expectProblem(reply, 503, 'temporarily-unavailable');
        expect(reply.body).toMatchObject({ missing: ['disk'], parts: { disk: { status: 'unavailable' } } });
      });
    } finally {
      statfs.mockRestore();
    }
    await eventually(async () => expect((await edge.call('GET', '/readyz')).status).toBe(200));
  });

  it('is 503 and lists the missing parts', async () => {
    const broken = await startEdge({
      settings: { TEMPORAL_NAMESPACE: 'no-such-namespace' },
    });
    try {
      broken.dependencies.redis.disconnect();
      const reply = await broken.call('GET', '/readyz');
      expectProblem(reply, 503, 'temporarily-unavailable');
      expect(reply.headers.get('Retry-After')).toMatch(/^\d+$/);
      expect(reply.body).toMatchObject({
        missing: ['redis', 'temporal'],
        parts: { postgres: { status: 'ok' }, redis: { status: 'unavailable' } },
      });
      expect((await broken.call('GET', '/healthz')).status).toBe(200);
    } finally {
      await broken.dependencies.redis.connect();
      await broken.stop();
    }
  });
});

describe('many probes at once', () => {
  it('check each part once', async () => {
    const { db } = edge.dependencies;
    let asked = 0;
    db.on('query', ({ sql }: { sql: string }) => {
      if (sql === 'SELECT 1') asked += 1;
    });
    const replies = await Promise.all(Array.from({ length: 50 }, async () => edge.call('GET', '/readyz')));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(asked).toBeLessThan(10);
  });
});

describe('the docs page', () => {
  it('loads everything from the service, within its own Content-Security-Policy', async () => {
    const page = await edge.call('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Security-Policy')).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/https?:|<script>|onload=/);
    const sources = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, source]) => String(source));
    expect(sources).toHaveLength(3);
    const assets = await Promise.all(sources.map(async (source) => edge.call('GET', source)));
    expect(assets.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(assets.map(({ headers }) => String(headers.get('Content-Type'))).toSorted()).toEqual([
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/javascript; charset=utf-8',
    ]);
  });

  it.each(['package.json', '..%2fpackage.json', '%2e%2e%2f%2e%2e%2fpackage.json', 'constructor'])(
    'serves no other file: %s',
    async (name) => {
      expectProblem(await edge.call('GET', `/docs/${name}`), 404, 'not-found');
    },
  );
});

describe('metrics', () => {
  it('are on their own port, with the durations of requests by route', async () => {
    await edge.call('GET', '/problems/not-found');
    expectProblem(await edge.call('GET', '/metrics'), 404, 'not-found');
    const { registry } = edge.dependencies.metrics;
    const server = await startMetricsServer(registry, '127.0.0.1', 0);
    try {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      expect(text).toContain('process_cpu_seconds_total');
      expect(text).toMatch(
        /holdfast_http_request_duration_seconds_count\{method="GET",route="\/problems\/\{slug\}",status="200"\} 1/,
      );
      expect((await fetch(`${server.url}/`)).status).toBe(404);
    } finally {
      await server.stop(0);
    }
  });
});
