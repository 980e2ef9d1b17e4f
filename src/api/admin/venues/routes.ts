import { createCatalogueEditor } from '../../../db/catalogueEditor';
import type { ApiDependencies } from '../../dependencies';
import { endpoint, type Endpoint } from '../../http/endpoint';
import { validationFailed } from '../../http/validation';
import { readVenue } from './readVenue';
import { newVenueBody, venueSchema } from './schema';

/** An arena's plan as the editor writes it is some 6 MB. */
const PLAN_LIMIT = 16 * 1024 * 1024;

export function venueRoutes({ db, idempotency }: Pick<ApiDependencies, 'db' | 'idempotency'>): Endpoint[] {
  const editor = createCatalogueEditor(db);
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/venues',
      summary: 'Add a venue from a seating plan',
      description:
        "`plan` is a seating plan in pretix's JSON format, as its editor exports it. Faults are listed, the first 100 " +
        'of them; what is only doubtful, such as two seats of one name, comes back as `warnings`.',
      tags: ['Operators'],
      access: 'operator',
      idempotent: true,
      bodyLimit: PLAN_LIMIT,
      body: newVenueBody,
      responses: { 201: { description: 'The venue', schema: venueSchema } },
      async handle({ user, body, idempotencyKey: key }) {
        const reading = readVenue(body);
        if (reading.kind === 'faulty') throw validationFailed(reading.errors);
        const { venue } = reading;
        const request = { userId: user.userId, route: 'POST /v1/admin/venues', key, body: venue };
        return idempotency.run(request, async (id) => {
          const venueId = await editor.addVenue(venue, id);
          const { seats, stage, warnings } = venue;
          return { status: 201 as const, body: { venueId, seats, stage, warnings } };
        });
      },
    }),
  ];
}
