import { passwordFault } from '../../../src/domain/accounts/passwordRules';

describe('a new password', () => {
  it.each([
    ['too short', 'short'],
    ['too short, in characters', '🎸🎸🎸🎸'],
    ['common', 'password1'],
    ['common in another case', 'PaSsWoRd1'],
    ['common in another width', 'ｐａｓｓｗｏｒｄ'],
    ['common among keyboards', 'qwertyuiop'],
    ['one character', 'zzzzzzzzzz'],
    ['white space', '          '],
    ['a short part again and again', 'xy7xy7xy7xy7'],
    ['a short part again and again, cut off', 'xy7xy7xy7x'],
    ['a common one twice', 'sunshinesunshine'],
    ['a word of half a length twice', 'kettlekettle'],
    ['digits in their order', '23456789'],
    ['letters in their order, backwards', 'zyxwvuts'],
    ['the service', 'Holdfast'],
    ['the service with a year', 'holdfast2026!'],
    ['the id', 'mina.kim@example.kr'],
    ['the part of the id before the @, with digits', 'mina.kim99'],
    ['the name', 'Mina Kim Lee'],
  ])('is not %s: %s', (_case, password) => {
    expect(passwordFault(password, ['mina.kim@example.kr', 'Mina Kim Lee'])).toEqual(expect.any(String));
  });

  it.each([
    'correct horse',
    'a seat in the front',
    'Correct-horse-9',
    'minas kimchi',
    '비밀번호는길어요',
    'tr0ub4dor&3',
    'no rules of composition',
    'x9!kq2@v',
    'kettle kettle pot',
  ])('may be %s', (password) => {
    expect(passwordFault(password, ['mina.kim@example.kr', 'Mina Kim Lee'])).toBeNull();
  });
});
