import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import { z } from 'zod';

const INSPECTOR = 'http://127.0.0.1:9229/json/list';
const PATIENCE_MS = 10_000;
const MB = 1024 * 1024;

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() }));
const LIMIT = `process.mainModule.require('node:v8').getHeapStatistics().heap_size_limit`;
const limitSchema = z.object({ result: z.object({ result: z.object({ value: z.number() }) }) });
const usageSchema = z.object({ result: z.object({ usedSize: z.number() }) });

/** The live objects in the heap of a process, in MB. The garbage is collected before each reading. */
export interface Heap {
  liveMb(): Promise<number>;
  /** The heap limit in bytes. */
  limit(): Promise<number>;
  close(): void;
}

/** Opens the inspector of a Node process with SIGUSR1. */
export async function openHeap(pid: number): Promise<Heap> {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await inspectorUrl());
  await new Promise((resolve) => {
    socket.addEventListener('open', resolve, { once: true });
  });
  let id = 0;

  async function ask(method: string, params = {}): Promise<unknown> {
    id += 1;
    const answer = new Promise<unknown>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data))), { once: true });
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  return {
    async liveMb() {
      // Twice: objects that are freed in a callback of the first collection are collected by the second.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      return usageSchema.parse(await ask('Runtime.getHeapUsage')).result.usedSize / MB;
    },
    async limit() {
      const answer = await ask('Runtime.evaluate', { expression: LIMIT });
      return limitSchema.parse(answer).result.result.value;
    },
    close: () => socket.close(),
  };
}

async function inspectorUrl(): Promise<string> {
  for (const began = Date.now(); ;) {
    try {
      const [target] = targetsSchema.parse(await (await fetch(INSPECTOR)).json());
      if (target) return target.webSocketDebuggerUrl;
    } catch (error) {
      if (Date.now() - began > PATIENCE_MS) throw error;
    }
    await sleep(50);
  }
}
