import { canonicalLogin, LOGIN } from '../../../src/domain/accounts/login';

describe('an id', () => {
  it.each([
    ['a name', 'mina'],
    ['Hangul', '김미나'],
    ['Thai with its vowel signs', 'สมหญิง99'],
    ['Devanagari with its vowel signs', 'हिन्दी123'],
    ['a capital i with a dot', 'İrem1999'],
    ['digits first', '99luftballons'],
    ['an address', 'mina.kim+tickets@example.kr'],
    ['an apostrophe in an address', "sean.o'brien@example.com"],
    ['an ampersand in an address', 'a&b@example.com'],
    ['an underscore first in an address', '_leading@example.com'],
    ['brackets and a space in an address', '(53 x)@example.com'],
    ['each character of RFC 5322 in an address', "!#$%&'*+-/=?^_`{|}~x@example.com"],
    ['a quoted address', '"very.(),:;<>[]\\".VERY.\\"very@\\\\ \\"very\\".unusual"@strange.example.com'],
    ['an address without a dot in its domain', 'admin@mailserver1'],
    ['an address at an address of the network', 'user@[IPv6:2001:db8::1]'],
    ['an address of another script', '用户@例子.广告'],
    ['an address with a picture', '🎸@example.com'],
  ])('may be %s: %s', (_case, id) => {
    expect(id).toMatch(LOGIN);
  });

  it.each([
    ['white space', 'a b'],
    ['a mark first', '\u{0301}abc'],
    ['a dot first', '.abc'],
    ['NUL', 'a\0b@example.com'],
    ['a lone surrogate', 'a\u{D800}b@example.com'],
    ['a line break', 'a\nb@example.com'],
    ['an invisible space', 'mi\u{200B}na'],
    ['a direction mark', 'mi\u{202E}na@example.com'],
    ['an invisible letter', 'mi\u{3164}na'],
    ['a variation selector', 'mina\u{FE0F}'],
    ['a space that is not the one of ASCII', 'a\u{A0}b@example.com'],
    ['nothing before the @', '@example.com'],
    ['nothing after the @ but marks of a program', 'a b@<script>'],
  ])('may not have %s', (_case, id) => {
    expect(id).not.toMatch(LOGIN);
  });
});

describe('the stored form of an id', () => {
  it.each([
    ['in another case', 'MiNa', 'mina'],
    ['with white space around it', ' mina ', 'mina'],
    ['decomposed', '김미나'.normalize('NFD'), '김미나'],
    ['with a sharp s', 'STRASSE', 'straße'],
    ['with a capital sharp s', 'STRAẞE', 'strasse'],
    ['with a final sigma', 'ΟΔΟΣ', 'οδος'],
    ['with a dotted capital i', 'İREM', 'i\u{0307}rem'],
    ['with a ligature', 'oﬃce', 'OFFICE'],
    ['with the sign of kelvin', '\u{212A}elvin', 'kelvin'],
    ['of Cherokee', 'ꭰꭱ', 'ᎠᎡ'],
    ['with an iota below', 'ᾳ'.normalize('NFD'), 'ᾼ'],
  ])('is the same %s', (_case, one, other) => {
    expect(canonicalLogin(one)).toBe(canonicalLogin(other));
  });

  it.each([
    ['a dotless i', 'ırem', 'irem'],
    ['an accent', 'jose', 'josé'],
    ['another width', 'ｍｉｎａ', 'mina'],
  ])('is another with %s', (_case, one, other) => {
    expect(canonicalLogin(one)).not.toBe(canonicalLogin(other));
  });

  it('stays as it is when it is stored again', () => {
    for (const id of ['İREM', 'ΟΔΟΣ', 'Straße', 'ᾼ', 'ǰx', '각각']) {
      const stored = canonicalLogin(id);
      expect(canonicalLogin(stored)).toBe(stored);
      expect(stored.normalize('NFC')).toBe(stored);
    }
  });
});
