import * as fc from 'fast-check';
import { judgeScan, type ScannedTicket } from '../../../src/domain/tickets/ticketScan';

const valid: ScannedTicket = { status: 'VALID', version: 1, usedAt: null, usedDevice: null };
const used = (at: number, device: string | null): ScannedTicket => ({
  status: 'USED',
  version: 1,
  usedAt: new Date(at),
  usedDevice: device,
});
const scan = (at: number, device: string | null, version = 1) => ({ at: new Date(at), device, version });

describe('a scan of a ticket', () => {
  it.each([
    ['admits with a valid ticket', valid, scan(5, null), 'admits'],
    ['admits with a valid ticket from a device', valid, scan(5, 'a'), 'admits'],
    ['is a duplicate after another', used(5, null), scan(9, null), 'duplicate'],
    ['with a network never counts as earlier than another', used(5, null), scan(3, null), 'duplicate'],
    ['from a device is a duplicate after another', used(5, 'a'), scan(9, 'b'), 'duplicate'],
    ['from a device was first before another', used(5, 'a'), scan(3, 'b'), 'was-first'],
    ['from a device was first before one with a network', used(5, null), scan(3, 'b'), 'was-first'],
    ['that is repeated has admitted', used(5, 'a'), scan(5, 'a'), 'has-admitted'],
    ['at the same instant is a duplicate', used(5, 'a'), scan(5, 'b'), 'duplicate'],
    ['of another version is void', valid, scan(5, null, 2), 'void'],
    ['of a void ticket is void', { ...valid, status: 'VOID' as const }, scan(5, 'a'), 'void'],
  ])('%s', (_, ticket, scanned, verdict) => {
    expect(judgeScan(ticket, scanned)).toBe(verdict);
  });

  it('that is the earliest counts in the end, whatever the order of arrival is', () => {
    const uploads = fc.array(fc.record({ at: fc.nat(20), device: fc.constantFrom('a', 'b', 'c') }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(uploads, (scans) => {
        let ticket = valid;
        for (const { at, device } of scans) {
          const verdict = judgeScan(ticket, scan(at, device));
          if (verdict === 'admits' || verdict === 'was-first') ticket = used(at, device);
        }
        expect(ticket.usedAt?.getTime()).toBe(Math.min(...scans.map(({ at }) => at)));
      }),
    );
  });
});
