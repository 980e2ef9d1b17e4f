import { addressOf, networkOf } from '../../../src/api/http/clientNetwork';

describe('a client is counted by', () => {
  it.each([
    ['its IPv4 address', '198.51.100.7', '198.51.100.7'],
    ['its IPv4 address if a socket shows it as IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['its IPv4 address if the mapped part is hexadecimal', '::ffff:c633:6407', '198.51.100.7'],
    ['the /64 of its IPv6 address', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['the same /64 for another address in it, in any notation', '2001:0DB8:1:2::1', '2001:db8:1:2::/64'],
    ['the /64 of a short address', '2001:db8::1', '2001:db8:0:0::/64'],
    ['the /64 of an address with a zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['the loopback', '::1', '0:0:0:0::/64'],
    ['nothing if the connection no longer has an address', '', ''],
  ])('%s', (_, address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('the address of a client', () => {
  it.each([
    [
      'is the address of the connection if no proxy is trusted, whatever a header says',
      '198.51.100.7',
      0,
      '10.0.0.1',
    ],
    ['is the address that called the one trusted proxy', '203.0.113.9, 198.51.100.7', 1, '198.51.100.7'],
    [
      'is the address that called the outer of two trusted proxies',
      '203.0.113.9, 198.51.100.7, 10.0.0.2',
      2,
      '198.51.100.7',
    ],
    ['is the address of the connection if the proxy sends no header', undefined, 1, '10.0.0.1'],
    ['is the address of the connection if the proxy writes no address', 'unknown', 1, '10.0.0.1'],
  ])('%s', (_, forwarded, trusted, address) => {
    expect(addressOf(asked(forwarded), trusted)).toBe(address);
  });
});

describe('one client behind a trusted proxy is counted once', () => {
  it.each([
    ['IPv4', '198.51.100.7', ['198.51.100.7:4711', '::ffff:198.51.100.7', '[::ffff:198.51.100.7]:4711']],
    ['IPv6', '2001:db8:0:0::/64', ['2001:db8::1', '[2001:db8::1]', '[2001:DB8:0::2]:4711', '2001:db8::3%1']],
  ])('however the proxy writes its %s address', (_, network, entries) => {
    const networks = entries.map((entry) => networkOf(addressOf(asked(`203.0.113.9, ${entry}`), 1)));

    expect(new Set(networks)).toEqual(new Set([network]));
  });
});

function asked(forwarded?: string) {
  return {
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: '10.0.0.1' },
  };
}
