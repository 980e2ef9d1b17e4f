import type { Point } from '../../../domain/catalogue/seatingPlan/geometry';
import { MAX_FAULTS, type PlanFault } from '../../../domain/catalogue/seatingPlan/faults';
import { writeHall, type HallText } from '../../../domain/catalogue/seatingPlan/hallText';
import { memberOf } from '../../../domain/catalogue/seatingPlan/members';
import { readPlan } from '../../../domain/catalogue/seatingPlan/readPlan';
import { createValidation, type ValidationIssue } from '../../http/validation';
import { venueFields } from './schema';

type Reading =
  | ({ kind: 'venue' } & ReadVenue)
  /** Every fault, or the first 100 of them. */
  | { kind: 'faulty'; errors: ValidationIssue[] };

export interface ReadVenue {
  name: string;
  timeZone: string;
  hall: HallText;
  seats: number;
  stage: Point | null;
  warnings: ValidationIssue[];
}

/** @param body of `POST /v1/admin/venues`, of any shape */
export function readVenue(body: unknown): Reading {
  const validation = createValidation();
  const fields = validation.parse(venueFields, body);
  const plan = memberOf(body, 'plan');
  const sound = validation.issues.length === 0;
  const reading = readPlan(plan, sound ? fields.stage : undefined);
  if (reading.kind === 'faulty' || !sound) {
    const faults = reading.kind === 'faulty' ? reading.faults.map(inPlan) : [];
    return { kind: 'faulty', errors: [...validation.issues, ...faults].slice(0, MAX_FAULTS) };
  }
  const { hall, warnings } = reading;
  const { stage } = hall.drawing;
  const ofPlan = warnings.map(inPlan);
  return {
    kind: 'venue',
    name: fields.name,
    timeZone: fields.timeZone,
    hall: writeHall(plan, hall),
    seats: hall.seats.length,
    stage,
    warnings: stage ? ofPlan : [NO_STAGE, ...ofPlan].slice(0, MAX_FAULTS),
  };
}

const NO_STAGE: ValidationIssue = {
  path: 'stage',
  message:
    'No area of the plan has the caption of a stage. The best available seats are near the middle of the front, ' +
    'where y is smallest. Send `stage` to set its real position',
};

function inPlan({ path, message }: PlanFault): ValidationIssue {
  return { path: ['plan', ...path].join('.'), message };
}
