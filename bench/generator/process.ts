import { serve } from '../processes/serve';
import { buyPlain } from './plainShopping';
import type { GeneratorCommand } from './protocol';
import { runSale } from './sale';
import { arrive, saturate } from './requests';
import { buyMany, buyOnArrival, buyWithoutPause, holdOneByOne } from './shopping';

serve<object, GeneratorCommand>(() =>
  Promise.resolve({
    handle(command) {
      switch (command.task) {
        case 'saturate':
          return saturate(command);
        case 'arrive':
          return arrive(command);
        case 'purchases':
          return buyWithoutPause(command);
        case 'purchaseArrivals':
          return buyOnArrival(command);
        case 'manyPurchases':
          return buyMany(command);
        case 'singleHolds':
          return holdOneByOne(command);
        case 'plainPurchases':
          return buyPlain(command);
        case 'sale':
          return runSale(command);
      }
    },
    close: () => Promise.resolve(),
  }),
);
