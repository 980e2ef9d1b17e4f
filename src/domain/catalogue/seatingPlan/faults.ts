/** One fault in a plan, or one warning for its author. */
export interface PlanFault {
  /** The place in the plan, such as `['zones', 0, 'rows', 2]`. */
  path: (string | number)[];
  message: string;
}

/** More than a person fixes at once. A plan that is wrong everywhere has hundreds of thousands of faults. */
export const MAX_FAULTS = 100;

/** Keeps only the first {@link MAX_FAULTS}. */
export interface FaultList {
  readonly kept: readonly PlanFault[];
  /** The list accepts no more faults, so the search may stop. */
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
