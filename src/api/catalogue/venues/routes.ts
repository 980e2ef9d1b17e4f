import { createCatalogueEditor } from '../../../db/catalogue/catalogueEditor';
import { Problem } from '../../../domain/problems';
import type { ApiDependencies } from '../../dependencies';
import { endpoint, type Endpoint } from '../../http/endpoint';
import { validationFailed } from '../../http/validation';
import { newVenueBody, venueSchema } from './schema';
import { createVenueReader } from './venueReader';

/** The plan of a stadium with 120,000 seats, indented by four blanks, is about 64 MB. */
const PLAN_LIMIT = 80 * 1024 * 1024;

export function venueRoutes({ db }: Pick<ApiDependencies, 'db'>): Endpoint[] {
  const editor = createCatalogueEditor(db);
  const reader = createVenueReader();
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/venues',
      summary: 'Add a venue from a seating plan',
      description:
        '`plan` is a seating plan in the JSON format of pretix, as its editor exports it. The response lists the ' +
        'first 100 faults. It returns doubtful things, such as two seats with the same name, as `warnings`.',
      tags: ['Operators'],
      access: 'operator',
      effect: 'once',
      bodyLimit: PLAN_LIMIT,
      bodyAs: 'bytes',
      body: newVenueBody,
      problems: ['temporarily-unavailable'],
      responses: { 201: { description: 'The venue', schema: venueSchema } },
      async handle({ body, once, refuseUsedKey }) {
        const reading = await reader.read(body);
        if (reading.kind === 'malformed')
          throw new Problem('malformed-json', 'The body is not a JSON object.');
        if (reading.kind === 'faulty') {
          await refuseUsedKey();
          throw validationFailed(reading.errors);
        }
        const { name, timeZone, hall, seats, stage, warnings, digest } = reading;
        const add = async (id: string) => {
          const venueId = await editor.addVenue({ name, timeZone, hall }, id);
          return { status: 201 as const, body: { venueId, seats, stage, warnings } };
        };
        return once(add, { body: digest });
      },
    }),
  ];
}
