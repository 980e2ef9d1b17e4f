import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { v5 as idFromName } from 'uuid';
import { repositoryRoot } from '../config/repository';
import { newConcertSchema, newScheduleSchema } from '../api/catalogue/adminSchema';
import { readVenue } from '../api/catalogue/venues/readVenue';
import { createCatalogueEditor, type CatalogueEditor } from '../db/catalogue/catalogueEditor';
import { createScheduleStore } from '../db/catalogue/scheduleStore';
import { DEMO_CONCERTS, DEMO_VENUES, type DemoConcert, type DemoSchedule, type DemoVenue } from './catalogue';

/** The same folder from `src` and from `dist`. */
const PLANS = path.join(repositoryRoot(), 'demo/plans');

/** The ids of the demo venues and concerts are derived from their names, so loading twice adds nothing. */
const NAMESPACE = '6b1f3c52-7f0e-4f4e-9a57-0d1a6f2f3c11';

const SEOUL_OFFSET_HOURS = 9;
const DAY_MS = 24 * 60 * 60 * 1000;
const SALE_CLOSES_BEFORE_MS = 2 * 60 * 60 * 1000;

const LOCKED_MS = 120_000;
const LOCK_PAUSE_MS = 500;

/**
 * Loads the demo catalogue as an operator would: through the schemas of the operator routes and the same editor.
 * Existing data stays unchanged. A concert whose shows are all over gets new ones.
 *
 * @returns the number of added schedules
 */
export async function loadDemo({ db, now = new Date() }: { db: Knex; now?: Date }): Promise<number> {
  return db.transaction(async (transaction) => {
    // If two processes start at once, the second one waits and then finds everything.
    await lockCatalogue(transaction);
    const schedules = await createScheduleStore(transaction).ofConcerts(DEMO_CONCERTS.map(concertId));
    const running = new Set(
      schedules.filter((schedule) => schedule.startsAt > now).map((schedule) => schedule.concertId),
    );
    const missing = DEMO_CONCERTS.filter((concert) => !running.has(concertId(concert)));
    const editor = createCatalogueEditor(transaction);
    for (const venue of DEMO_VENUES) {
      if (missing.some((concert) => concert.venue === venue.key)) await addVenue(editor, venue);
    }
    for (const concert of missing) await addConcert(editor, concert, now);
    return missing.flatMap((concert) => concert.schedules).length;
  });
}

/** A slow machine needs many seconds for the catalogue, longer than a statement may wait. So this asks again. */
async function lockCatalogue(transaction: Knex): Promise<void> {
  const until = Date.now() + LOCKED_MS;
  for (;;) {
    const { rows } = await transaction.raw<{ rows: [{ locked: boolean }] }>(
      "SELECT pg_try_advisory_xact_lock(hashtextextended('holdfast demo catalogue', 0)) AS locked",
    );
    if (rows[0].locked) return;
    if (Date.now() > until)
      throw new Error('another process has been loading the demo catalogue for 2 minutes');
    await sleep(LOCK_PAUSE_MS);
  }
}

async function addVenue(editor: CatalogueEditor, { key, name }: DemoVenue): Promise<void> {
  const plan: unknown = JSON.parse(await readFile(path.join(PLANS, `${key}.json`), 'utf8'));
  const reading = readVenue({ name, plan });
  if (reading.kind === 'faulty') throw new Error(`${key}: ${JSON.stringify(reading.errors)}`);
  const { timeZone, hall } = reading;
  await editor.addVenue({ name, timeZone, hall }, venueId(key));
}

async function addConcert(editor: CatalogueEditor, concert: DemoConcert, now: Date): Promise<void> {
  const { title, artist, description } = concert;
  await editor.addConcert(newConcertSchema.parse({ title, artist, description }), concertId(concert));
  const prices = DEMO_VENUES.find((venue) => venue.key === concert.venue)?.prices;
  for (const schedule of concert.schedules) {
    const draft = newScheduleSchema.parse({
      venueId: venueId(concert.venue),
      ...timesOf(schedule, now),
      prices,
      maxSeatsPerUser: concert.maxSeatsPerUser,
      waitingRoom: schedule.waitingRoom,
      cancellationPolicy: concert.cancellationPolicy,
    });
    await editor.addSchedule(concertId(concert), draft);
  }
}

function timesOf(
  schedule: DemoSchedule,
  now: Date,
): Record<'startsAt' | 'saleOpensAt' | 'saleClosesAt', string> {
  const startsAt = inSeoul(now, schedule.inDays, schedule.at);
  return {
    startsAt: startsAt.toISOString(),
    saleOpensAt: inSeoul(now, schedule.saleOpensInDays, '20:00').toISOString(),
    saleClosesAt: new Date(startsAt.getTime() - SALE_CLOSES_BEFORE_MS).toISOString(),
  };
}

/** A time of day in Seoul, `days` days after today there. Korea has no daylight saving time. */
function inSeoul(now: Date, days: number, timeOfDay: string): Date {
  const today = new Date(now.getTime() + SEOUL_OFFSET_HOURS * 60 * 60 * 1000).toISOString().slice(0, 10);
  return new Date(Date.parse(`${today}T${timeOfDay}:00.000+09:00`) + days * DAY_MS);
}

const venueId = (key: DemoVenue['key']): string => idFromName(`venue ${key}`, NAMESPACE);
const concertId = ({ title }: DemoConcert): string => idFromName(`concert ${title}`, NAMESPACE);
