export { cancellation } from './cancellation';
export { chargeSettlement } from './chargeSettlement';
export { housekeeping } from './housekeeping';
export { reservation } from './reservation';
export { topUp } from './topUp';
