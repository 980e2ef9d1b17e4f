import { DateTime } from 'luxon';
import { z } from 'zod';

/** A leap year, so every day of the year exists. */
const LEAP_YEAR = 2024;

/** Some holidays last several days: Seollal and Chuseok are three days long. */
const MAX_DAYS_AROUND = 7;

/** The date of a holiday: in one year (`2027-05-06`) or in every year (`12-25`). */
export const holidaySchema = z
  .strictObject({
    date: z.string().regex(/^(\d{4}-)?\d{2}-\d{2}$/, 'Must be a date such as 2027-05-06 or 12-25'),
    calendar: z
      .enum(['gregorian', 'korean-lunar'])
      .optional()
      .meta({ description: 'gregorian if absent. A lunar date is a date of every year' }),
    daysAround: z
      .int()
      .min(1)
      .max(MAX_DAYS_AROUND)
      .optional()
      .meta({ description: 'The number of days before and after it that are holidays as well' }),
  })
  .refine(({ date, calendar }) => calendar === 'korean-lunar' || exists(date), {
    path: ['date'],
    message: 'There is no such day',
    when: ({ value }) => z.object({ date: z.string() }).safeParse(value).success,
  })
  .refine(({ date, calendar }) => calendar !== 'korean-lunar' || isOfEveryYear(date), {
    path: ['date'],
    message: 'Must be a day of every year, such as 08-15',
    when: ({ value }) => z.object({ date: z.string() }).safeParse(value).success,
  });

export type Holiday = z.output<typeof holidaySchema>;

/**
 * The holidays of the Republic of Korea that return every year (the Act on Public Holidays). The government announces
 * substitute and temporary holidays for one year. An operator adds them to the policy of a schedule.
 */
export const KOREAN_HOLIDAYS: Holiday[] = [
  { date: '01-01' },
  { date: '01-01', calendar: 'korean-lunar', daysAround: 1 },
  { date: '03-01' },
  { date: '04-08', calendar: 'korean-lunar' },
  { date: '05-05' },
  { date: '06-06' },
  { date: '08-15' },
  { date: '08-15', calendar: 'korean-lunar', daysAround: 1 },
  { date: '10-03' },
  { date: '10-09' },
  { date: '12-25' },
];

/** Whether a local day is one of the holidays. */
export function isHoliday(day: DateTime, holidays: readonly Holiday[]): boolean {
  return holidays.some(({ date, calendar = 'gregorian', daysAround = 0 }) => {
    for (let offset = -daysAround; offset <= daysAround; offset += 1) {
      const centre = day.plus({ days: offset });
      const names = calendar === 'gregorian' ? gregorian(centre) : [lunar(centre)];
      if (names.includes(date)) return true;
    }
    return false;
  });
}

function gregorian(day: DateTime): string[] {
  return [day.toFormat('yyyy-MM-dd'), day.toFormat('MM-dd')];
}

/** Intl in Node knows the Korean lunar calendar. It names a leap month `6bis`, and no holiday is in a leap month. */
const KOREAN_LUNAR = new Intl.DateTimeFormat('en-u-ca-dangi', {
  timeZone: 'UTC',
  month: 'numeric',
  day: 'numeric',
});

function lunar({ year, month, day }: DateTime): string {
  const parts = KOREAN_LUNAR.formatToParts(Date.UTC(year, month - 1, day));
  const value = (type: 'month' | 'day') => parts.find((part) => part.type === type)?.value.padStart(2, '0');
  return `${value('month')}-${value('day')}`;
}

const isOfEveryYear = (date: string): boolean => date.length === 'MM-DD'.length;

function exists(date: string): boolean {
  return DateTime.fromISO(isOfEveryYear(date) ? `${LEAP_YEAR}-${date}` : date).isValid;
}
