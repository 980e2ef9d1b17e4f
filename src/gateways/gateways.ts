import { keysOf } from '../config/settings';
import { GATEWAY_NAMES, GATEWAY_UNAVAILABLE, unknown, type PaymentGateway } from '../domain/payments/gateway';

/** The calls about the money of an attempt. */
export type GatewayCalls = Pick<
  PaymentGateway,
  'charge' | 'capture' | 'lookUp' | 'void' | 'refund' | 'readBook'
>;

/** The payment gateways that this process has keys for. */
export interface Gateways<Gateway extends PaymentGateway = PaymentGateway> {
  /** Takes new payments. */
  readonly current: Gateway;
  /** The current one, and those that only finish what they have begun. */
  readonly all: readonly Gateway[];
  /**
   * The gateway that an attempt was recorded with. Only this gateway knows about the attempt's money. If its keys are
   * missing, every response is unknown until a process with the keys asks.
   */
  of(name: string): GatewayCalls;
  close(): Promise<void>;
}

/** @param current the name of the gateway that takes new payments */
export function createGateways<Gateway extends PaymentGateway>(
  all: readonly Gateway[],
  current: string,
): Gateways<Gateway> {
  const find = (name: string): Gateway | undefined => all.find((gateway) => gateway.name === name);
  const taking = find(current);
  if (!taking) throw new Error(missingKeys(current));
  return {
    current: taking,
    all,
    of: (name) => find(name) ?? withoutKeys(name),
    async close() {
      await Promise.all(all.map(async (gateway) => gateway.close()));
    },
  };
}

/** The settings that an operator has to add, in one line. */
export function missingKeys(name: string): string {
  const known = GATEWAY_NAMES.find((gateway) => gateway === name);
  const keys = known ? `set ${keysOf(known).join(' and ')}` : 'this release does not know it';
  return `the gateway ${name} is not configured: ${keys}`;
}

const notAsked = async () => Promise.resolve(unknown(GATEWAY_UNAVAILABLE));

/**
 * Replaces a gateway that cannot be asked. Clients get the same response as for a gateway that is down. Operators read
 * the missing settings in the failure of each step that waits.
 */
function withoutKeys(name: string): GatewayCalls {
  const waiting = async () => Promise.resolve(unknown(missingKeys(name)));
  return {
    charge: notAsked,
    capture: notAsked,
    lookUp: notAsked,
    void: waiting,
    refund: waiting,
    readBook: async () => Promise.reject(new Error(missingKeys(name))),
  };
}
