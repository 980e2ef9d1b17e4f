import type { z } from 'zod';
import type { ScheduleOverview } from '../../db/catalogue/scheduleStore';
import { bestSaleStatus, saleStatus } from '../../domain/catalogue/saleStatus';
import type { ConcertWithSchedules } from './catalogue';
import type { concertSchema, concertSummarySchema, scheduleSchema } from './schema';

export function presentConcertSummary(
  { schedules, ...concert }: ConcertWithSchedules,
  now: Date,
): z.output<typeof concertSummarySchema> {
  return {
    concertId: concert.concertId,
    title: concert.title,
    artist: concert.artist,
    venueName: [...new Set(schedules.map((schedule) => schedule.venueName))].join(', ') || null,
    firstStartsAt: schedules.at(0)?.startsAt.toISOString() ?? null,
    lastStartsAt: schedules.at(-1)?.startsAt.toISOString() ?? null,
    saleStatus: bestSaleStatus(schedules.map((schedule) => saleStatus(schedule, now))),
  };
}

export function presentConcert(concert: ConcertWithSchedules, now: Date): z.output<typeof concertSchema> {
  return { ...presentConcertSummary(concert, now), description: concert.description };
}

export function presentSchedule(schedule: ScheduleOverview, now: Date): z.output<typeof scheduleSchema> {
  return {
    scheduleId: schedule.scheduleId,
    startsAt: schedule.startsAt.toISOString(),
    saleOpensAt: schedule.saleOpensAt.toISOString(),
    saleClosesAt: schedule.saleClosesAt.toISOString(),
    saleStatus: saleStatus(schedule, now),
    seatsTotal: schedule.seatsTotal,
    seatsAvailable: schedule.seatsAvailable,
    maxSeatsPerUser: schedule.maxSeatsPerUser,
    waitingRoom: schedule.waitingRoom,
  };
}
