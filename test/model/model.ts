/** The seat limit of a user in every sale of the model. */
export const SEAT_LIMIT = 4;

export interface Seat {
  /** Such as B3: row B, number 3. */
  name: string;
  seatId: string;
  grade: 'VIP' | 'R';
  price: number;
  status: 'AVAILABLE' | 'HELD' | 'SOLD';
}

export interface Buyer {
  /** Such as u2. The log contains names and no ids, so that the logs of two runs are equal. */
  name: string;
  balance: number;
  /** The top-ups that succeeded: id and amount. */
  topUps: Map<string, number>;
}

export interface Ticket {
  ticketId: string;
  status: 'VALID' | 'USED' | 'VOID';
}

/** What a cancellation keeps and refunds. */
export interface Cancelled {
  seatIds: string[];
  fee: number;
  bookingFeeRefund: number;
  points: number;
  card: number;
}

export interface Reservation {
  /** Such as r3. */
  name: string;
  reservationId: string;
  owner: Buyer;
  /** ISO 8601. */
  expiresAt: string;
  seats: readonly Seat[];
  status: 'HELD' | 'CONFIRMED' | 'EXPIRED' | 'RELEASED' | 'CANCELLED';
  /** The payment that succeeded. */
  paid: { points: number; card: number; at: Date } | null;
  tickets: Map<Seat, Ticket>;
  /** The sums of all its cancellations. */
  cancelled: Cancelled;
  /** No later command uses it: whether it exists depends on the order in which two requests arrived. */
  isRetired: boolean;
}

/** What one sale, its buyers and their money must look like. */
export interface Model {
  seats: readonly Seat[];
  buyers: Buyer[];
  /** In the order in which they were held. */
  reservations: Reservation[];
}

export function createModel(seats: readonly Seat[]): Model {
  return { seats, buyers: [], reservations: [] };
}

export function addBuyer(model: Model): Buyer {
  const buyer: Buyer = { name: `u${model.buyers.length + 1}`, balance: 0, topUps: new Map() };
  model.buyers.push(buyer);
  return buyer;
}

/** The seats of a user that count for the limit. */
export function seatsOf(model: Model, owner: Buyer): Seat[] {
  return model.reservations.filter((one) => one.owner === owner).flatMap((one) => seatsLeft(one));
}

/** The seats that a reservation still holds or owns. */
export function seatsLeft({ status, seats, tickets }: Reservation): Seat[] {
  if (status === 'HELD') return [...seats];
  if (status !== 'CONFIRMED') return [];
  return seats.filter((seat) => tickets.get(seat)?.status !== 'VOID');
}

export function applyHold(
  model: Model,
  owner: Buyer,
  granted: Pick<Reservation, 'reservationId' | 'seats' | 'expiresAt'>,
): Reservation {
  const reservation: Reservation = {
    name: `r${usable(model).length + 1}`,
    ...granted,
    owner,
    status: 'HELD',
    paid: null,
    tickets: new Map(),
    cancelled: { seatIds: [], fee: 0, bookingFeeRefund: 0, points: 0, card: 0 },
    isRetired: false,
  };
  model.reservations.push(reservation);
  setSeats(granted.seats, 'HELD');
  return reservation;
}

export function applyEnd(reservation: Reservation, status: 'RELEASED' | 'EXPIRED'): void {
  reservation.status = status;
  setSeats(reservation.seats, 'AVAILABLE');
}

export function applyPayment(
  reservation: Reservation,
  { points, card }: { points: number; card: number },
  tickets: readonly { ticketId: string; seatId: string }[],
): void {
  reservation.status = 'CONFIRMED';
  reservation.paid = { points, card, at: new Date() };
  reservation.owner.balance -= points;
  for (const { ticketId, seatId } of tickets) {
    const seat = reservation.seats.find((one) => one.seatId === seatId);
    if (seat) reservation.tickets.set(seat, { ticketId, status: 'VALID' });
  }
  setSeats(reservation.seats, 'SOLD');
}

/** @param terms the fee and the refund of these seats */
export function applyCancellation(reservation: Reservation, seats: readonly Seat[], terms: Cancelled): void {
  const { cancelled, owner, tickets } = reservation;
  reservation.cancelled = {
    seatIds: [...cancelled.seatIds, ...terms.seatIds],
    fee: cancelled.fee + terms.fee,
    bookingFeeRefund: cancelled.bookingFeeRefund + terms.bookingFeeRefund,
    points: cancelled.points + terms.points,
    card: cancelled.card + terms.card,
  };
  owner.balance += terms.points;
  for (const seat of seats) {
    const ticket = tickets.get(seat);
    if (ticket) ticket.status = 'VOID';
  }
  setSeats(seats, 'AVAILABLE');
  if (seatsLeft(reservation).length === 0) reservation.status = 'CANCELLED';
}

/**
 * Makes a reservation that takes the name and the place of another one, which exists only in one of the two orders.
 */
export function replace(model: Model, retired: Reservation, make: () => Reservation): Reservation {
  retired.isRetired = true;
  const made = make();
  made.name = retired.name;
  model.reservations = model.reservations.filter((one) => one !== made);
  model.reservations.splice(model.reservations.indexOf(retired), 0, made);
  return made;
}

/** The reservations that commands may use. */
export function usable({ reservations }: Pick<Model, 'reservations'>): Reservation[] {
  return reservations.filter((one) => !one.isRetired);
}

export function heldReservations(model: Pick<Model, 'reservations'>): Reservation[] {
  return usable(model).filter(({ status }) => status === 'HELD');
}

function setSeats(seats: readonly Seat[], status: Seat['status']): void {
  for (const seat of seats) seat.status = status;
}
