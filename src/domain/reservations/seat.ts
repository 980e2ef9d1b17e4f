/** One seat of a reservation, with the price that was frozen when it was held. */
export interface ReservedSeat {
  seatId: string;
  zone: string;
  row: string;
  number: string;
  grade: string;
  price: number;
}
