import { describeGateway } from './contract';
import { aCharge, startSandbox } from '../sandbox/server';
import { CARD } from './stripe/standInAccount';
import { aCardCharge, startStripe } from './stripe/stripeGateway';
import { openShop } from './toss/tossShop';

describeGateway('The sandbox', async () => {
  const sandbox = await startSandbox();
  return {
    gateway: sandbox.gateway,
    good: () => aCharge(),
    bad: () => aCharge({ paymentKey: 'sandbox:decline' }),
    unheard: () => aCharge({ paymentKey: 'sandbox:error-after-charge' }),
    stop: async () => sandbox.stop(),
  };
});

describeGateway('The sandbox in two steps', async () => {
  const sandbox = await startSandbox();
  return {
    gateway: sandbox.gateway,
    good: () => aCharge({ paymentKey: 'sandbox:authorise' }),
    bad: () => aCharge({ paymentKey: 'sandbox:authorise-refused' }),
    unheard: () => aCharge({ paymentKey: 'sandbox:authorise-timeout' }),
    stop: async () => sandbox.stop(),
  };
});

describeGateway('Toss Payments', async () => {
  const shop = await openShop();
  return {
    gateway: shop.gateway,
    good: () => shop.prepared(),
    bad: () => shop.prepared({ refusal: { status: 403, code: 'REJECT_CARD_PAYMENT' } }),
    unheard() {
      shop.toss.next('confirm', { kind: 'lose' });
      return shop.prepared();
    },
    stop: async () => shop.stop(),
  };
});

describeGateway('Stripe', async () => {
  const { stripe, gateway } = await startStripe();
  return {
    gateway,
    good: () => aCardCharge(),
    bad: () => aCardCharge({ paymentKey: CARD.declined }),
    unheard() {
      stripe.disturb('confirm', 'lose');
      return aCardCharge();
    },
    async stop() {
      await stripe.stop();
      await gateway.close();
    },
  };
});
