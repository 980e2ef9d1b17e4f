export { cancellation } from './cancellation';
export { chargeSettlement } from './chargeSettlement';
export { housekeeping } from './housekeeping';
export { reconciliation } from './reconciliation';
export { reservation } from './reservation';
export { saleOpening } from './saleOpening';
export { showCancellation } from './showCancellation';
export { topUp } from './topUp';
