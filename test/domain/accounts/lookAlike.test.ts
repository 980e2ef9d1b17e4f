import { canonicalLogin } from '../../../src/domain/accounts/login';
import { skeletonOf } from '../../../src/domain/accounts/lookAlike';

const skeleton = (id: string): string => skeletonOf(canonicalLogin(id));

describe('an id looks like operator', () => {
  it.each([
    ['with a letter of Cyrillic', 'оperator'],
    ['of Cyrillic and Greek', 'ορеrаtоr'],
    ['in another width', 'ｏｐｅｒａｔｏｒ'],
    ['with a digit', '0perator'],
    ['in another case', 'OPERATOR'],
    ['of mathematics', '𝐨𝐩𝐞𝐫𝐚𝐭𝐨𝐫'],
  ])('%s: %s', (_case, id) => {
    expect(skeleton(id)).toBe(skeleton('operator'));
  });

  it.each(['operators', 'operater', 'opérator', 'оператор'])('but not as %s', (id) => {
    expect(skeleton(id)).not.toBe(skeleton('operator'));
  });
});
