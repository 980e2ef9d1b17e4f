import { enter } from './place';
import type { Person } from './protocol';
import type { SaleFloor } from './saleFloor';

const EVERY_MS = 200;

/**
 * A bot has a place at the end of the line and asks for seats all the time. No user at the end has a turn before all
 * seats are sold. So a bot that gets a seat got it out of turn.
 */
export async function runBot(floor: SaleFloor, bot: Person): Promise<void> {
  const place = await enter(floor, bot);
  if (place === null) return;
  while (!floor.isOver()) {
    const [seatId] = floor.chooseSeats(1);
    if (seatId !== undefined) {
      const answer = await floor.send({
        method: 'POST',
        path: '/v1/reservations',
        token: bot.accessToken,
        body: { seatId, queueToken: place.queueToken },
      });
      if (answer?.status === 201) floor.surprise(`a bot got seat ${seatId} before its turn`);
    }
    await floor.wait(EVERY_MS);
  }
}
