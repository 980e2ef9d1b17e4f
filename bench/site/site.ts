import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client as Postgres } from 'pg';
import { openClient, type Client } from '../generator/client';
import { openPeople, type People } from './people';
import { startStack, type Stack } from './stack';

/** A Holdfast that is measured, with everything that is needed to fill it. */
export interface Site {
  name: string;
  stack: Stack;
  client: Client;
  /** Connected as the owner of the schema. */
  postgres: Postgres;
  people: People;
  /** The file in which its clients record what they saw. */
  log: string;
  close(): Promise<void>;
}

export async function openSite(name: string): Promise<Site> {
  const stack = await startStack(name);
  const postgres = new Postgres({ connectionString: stack.ownerUrl });
  const client = openClient(stack.apiUrl, 16);
  const close = async (): Promise<void> => {
    await client.close();
    await postgres.end();
    await stack.stop();
  };
  try {
    await postgres.connect();
    const people = await openPeople(postgres);
    const log = path.join(stack.folder, 'clients.ndjson');
    // The audit may read the file before any client has come.
    writeFileSync(log, '');
    return { name, stack, client, postgres, people, log, close };
  } catch (error) {
    await close();
    throw error;
  }
}
