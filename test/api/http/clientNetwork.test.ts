import { networkOf } from '../../../src/api/http/clientNetwork';

describe('a client is counted by', () => {
  it.each([
    ['its IPv4 address', '198.51.100.7', '198.51.100.7'],
    ['that address where a socket shows it as IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['the /64 of its IPv6 address', '2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['the same for another address in it, however it is written', '2001:0DB8:1:2::1', '2001:db8:1:2::/64'],
    ['the /64 of a short address', '2001:db8::1', '2001:db8:0:0::/64'],
    ['the loopback', '::1', '0:0:0:0::/64'],
  ])('%s', (_, address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
