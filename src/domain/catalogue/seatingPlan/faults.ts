/** One fault of a plan, or one thing that its author should know. */
export interface PlanFault {
  /** Within the plan: `['zones', 0, 'rows', 2]`. */
  path: (string | number)[];
  message: string;
}

/** More than anybody mends at once; a plan that is wrong throughout has hundreds of thousands. */
export const MAX_FAULTS = 100;

/** Keeps the first {@link MAX_FAULTS}. */
export interface FaultList {
  readonly kept: readonly PlanFault[];
  /** Nothing more is kept: the search for faults may stop. */
  readonly full: boolean;
  add(path: (string | number)[], message: string): void;
}

export function createFaultList(): FaultList {
  const kept: PlanFault[] = [];
  return {
    kept,
    get full() {
      return kept.length >= MAX_FAULTS;
    },
    add(path, message) {
      if (kept.length < MAX_FAULTS) kept.push({ path, message });
    },
  };
}
