import type { Knex } from 'knex';
import type { Logger } from '../config/logging';
import { countRefundable, countUnfinished } from '../db/payments/gatewayWork';
import { missingKeys, type Gateways } from '../gateways/gateways';

/**
 * Logs one line for each gateway that is still needed, with the settings that it lacks. Never rejects: a worker that
 * cannot read this still sells seats.
 */
export async function reportMissingKeys(db: Knex, gateways: Gateways, logger: Logger): Promise<void> {
  try {
    const [unfinished, refundable] = await Promise.all([countUnfinished(db), countRefundable(db)]);
    const configured = new Set<string>(gateways.all.map(({ name }) => name));
    for (const gateway of new Set([...unfinished.keys(), ...refundable.keys()])) {
      if (configured.has(gateway)) continue;
      const waiting = `${unfinished.get(gateway) ?? 0} charges and refunds wait for it`;
      const later = `${refundable.get(gateway) ?? 0} payments for coming shows may need a refund there`;
      logger.warn({ gateway }, `${missingKeys(gateway)}; ${waiting}, ${later}`);
    }
  } catch (err) {
    logger.warn({ err }, 'the unfinished work of the gateways could not be read');
  }
}
