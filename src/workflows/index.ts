export { reservation } from './reservation';
export { topUp } from './topUp';
