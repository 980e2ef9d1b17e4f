import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { reservationWorkflowId } from '../../../src/contract/reservations';

const { History } = temporal.api.history.v1;

/** A workflow task failed because its history does not match the code. */
const NON_DETERMINISM = /TMPRL1100|nondeterminis|Invalid transition/i;
/**
 * The sweep found a reservation without a workflow. An API starts the workflow before it grants the hold, so there is
 * no such reservation even after a kill.
 */
const STRANDED = /"kind":"reservation".*an open row had no workflow/;
const strandedLine = z.object({ row: z.object({ reservationId: z.string() }) });
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * The sweep reads a page of overdue rows, and then handles one after the other. Meanwhile the workflow of a row may end
 * it, for example after an outage of Postgres. Such a row had its workflow: it ended before the new run began.
 *
 * @returns the lines in which a worker reports a reservation that really had no workflow
 */
export async function findStranded(
  logFiles: readonly string[],
  { client, db }: { client: Client; db: Knex },
): Promise<string[]> {
  const stranded: string[] = [];
  for (const line of await linesOf(logFiles, STRANDED)) {
    const { reservationId } = strandedLine.parse(JSON.parse(line)).row;
    const { startTime } = await client.workflow.getHandle(reservationWorkflowId(reservationId)).describe();
    const early = await db('reservations').where({ id: reservationId }).where('ended_at', '<', startTime);
    if (early.length === 0) stranded.push(line);
  }
  return stranded;
}

/**
 * Reads the logs of workers for non-determinism. Writes the whole history of each workflow that these lines name to a
 * file in the folder.
 *
 * @returns the lines, and the run with its file for each workflow
 */
export async function findNonDeterminism(
  logFiles: readonly string[],
  { client, taskQueue, folder }: { client: Client; taskQueue: string; folder: string },
): Promise<string[]> {
  const lines = await linesOf(logFiles, NON_DETERMINISM);
  if (lines.length === 0) return [];
  const named = new Set(lines.flatMap((line) => line.match(UUID) ?? []));
  const runs: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    if (![runId, ...(workflowId.match(UUID) ?? [])].some((id) => named.has(id))) continue;
    const file = path.join(folder, `history-${runId}.json`);
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    await writeFile(file, jsonOf(history));
    runs.push(`the history of ${workflowId}, run ${runId}, is in ${file}`);
  }
  return [...lines, ...runs];
}

async function linesOf(logFiles: readonly string[], pattern: RegExp): Promise<string[]> {
  const texts = await Promise.all(logFiles.map(async (file) => readFile(file, 'utf8')));
  return texts.flatMap((text) => text.split('\n')).filter((line) => pattern.test(line));
}

/** In the form of Temporal's own tools: numbers as text and bytes in base64. */
function jsonOf(history: temporal.api.history.v1.IHistory): string {
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  return `${JSON.stringify(plain, null, 1)}\n`;
}
