import { randomUUID } from 'node:crypto';
import { createLedgerStore, type Journal, type Posting } from '../../../src/db/ledger/ledgerStore';
import { openBooks, type Books } from '../../support/books';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createUser } from '../../support/factories';

let database: TestDatabase;
let books: Books;

beforeAll(async () => {
  database = await createTestDatabase();
  books = openBooks(database.owner);
});

afterAll(async () => database?.drop());

const post = (journal: Journal): Promise<Posting> =>
  database.db.transaction((transaction) => createLedgerStore(transaction).post(journal));

function aDebit(userId: string, amount: number, key: string = randomUUID()): Journal {
  return {
    key,
    kind: 'POINTS_TAKEN',
    currency: 'KRW',
    wallet: { userId, amount: -amount },
    house: [{ account: 'house:pending', amount }],
  };
}

function aCredit(userId: string, amount: number, key: string = randomUUID()): Journal {
  return {
    key,
    kind: 'TOP_UP',
    currency: 'KRW',
    wallet: { userId, amount },
    house: [{ account: 'gateway:clearing:sandbox', amount: -amount }],
  };
}

describe('a journal', () => {
  it('changes the wallet and returns the balance after it', async () => {
    const userId = await createUser(database.owner, 10_000);

    expect(await post(aDebit(userId, 4_000))).toEqual({ booked: true, balance: 6_000 });

    expect(await createLedgerStore(database.db).balance(userId)).toBe(6_000);
    expect(await books.faults()).toEqual([]);
  });

  it('is booked once for its key, also by parallel calls', async () => {
    const userId = await createUser(database.owner, 10_000);
    const journal = aDebit(userId, 4_000);

    const postings = await Promise.all([post(journal), post(journal), post(journal)]);

    expect(postings.filter((posting) => posting.booked)).toHaveLength(1);
    expect(await books.balance(userId)).toBe(6_000);
    expect(await books.faults()).toEqual([]);
  });

  it('that does not sum to zero is rejected by the database, with everything else in its transaction', async () => {
    const userId = await createUser(database.owner, 10_000);
    const unbalanced = {
      ...aDebit(userId, 4_000),
      house: [{ account: 'house:pending', amount: 3_999 }],
    } as const;

    await expect(post(unbalanced)).rejects.toThrow('does not balance');

    expect(await books.balance(userId)).toBe(10_000);
  });

  it('must balance for each currency separately', async () => {
    const { owner } = database;
    const journalId = randomUUID();
    const lines = [
      { account: 'house:pending', amount: 1, currency: 'KRW' },
      { account: 'house:pending', amount: -1, currency: 'USD' },
    ];

    const posting = owner.transaction(async (transaction) => {
      await transaction('journals').insert({ id: journalId, key: journalId, kind: 'SALE' });
      await transaction('entries').insert(
        lines.map((line) => Object.assign(line, { journal_id: journalId })),
      );
    });

    await expect(posting).rejects.toThrow('does not balance');
  });
});

describe('a wallet', () => {
  it('is never overdrawn, and the refusal shows balance and price', async () => {
    const userId = await createUser(database.owner, 10_000);

    await expect(post(aDebit(userId, 10_001))).rejects.toMatchObject({
      slug: 'insufficient-points',
      members: { balance: 10_000, required: 10_001 },
    });

    expect(await books.balance(userId)).toBe(10_000);
  });

  it('is emptied once by many debits of its whole balance', async () => {
    const userId = await createUser(database.owner, 10_000);
    const debits = Array.from({ length: 40 }, () => post(aDebit(userId, 10_000)));

    const outcomes = await Promise.allSettled(debits);

    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refusals).toHaveLength(39);
    for (const { reason } of refusals) {
      expect(reason).toMatchObject({ slug: 'insufficient-points', members: { balance: 0 } });
    }
    expect(await books.balance(userId)).toBe(0);
    expect(await books.faults()).toEqual([]);
  });

  it('without any credit is empty', async () => {
    const userId = await createUser(database.owner);

    expect(await createLedgerStore(database.db).balance(userId)).toBe(0);
    await expect(post(aDebit(userId, 1))).rejects.toMatchObject({ members: { balance: 0, required: 1 } });
  });

  it('stays at zero or above under parallel debits and credits', async () => {
    const userId = await createUser(database.owner, 100_000);
    const debits = Array.from({ length: 30 }, () => post(aDebit(userId, 10_000)));
    const credits = Array.from({ length: 5 }, () => post(aCredit(userId, 10_000)));

    const outcomes = await Promise.allSettled(debits);
    await Promise.all(credits);

    const taken = outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    expect(taken).toBeGreaterThanOrEqual(10);
    expect(taken).toBeLessThanOrEqual(15);
    expect(await books.balance(userId)).toBe(150_000 - taken * 10_000);
    expect(await books.faults()).toEqual([]);
  });

  it('cannot be set below zero by hand either', async () => {
    const userId = await createUser(database.owner, 1);

    await expect(
      database.db('wallets').where({ user_id: userId }).update({ balance: -1 }),
    ).rejects.toMatchObject({ constraint: 'wallets_balance_check' });
  });

  it('shows its entries, newest first and a page at a time', async () => {
    const userId = await createUser(database.owner);
    for (const amount of [1_000, 2_000, 3_000]) await post(aCredit(userId, amount));
    const ledger = createLedgerStore(database.db);

    const first = await ledger.walletEntries(userId, { limit: 2 });
    const second = await ledger.walletEntries(userId, { limit: 2, before: first[1]?.entryId });

    expect(first).toMatchObject([
      { amount: 3_000, balanceAfter: 6_000 },
      { amount: 2_000, balanceAfter: 3_000 },
    ]);
    expect(second).toMatchObject([{ amount: 1_000, balanceAfter: 1_000, kind: 'TOP_UP' }]);
  });
});

describe('the ledger is append-only:', () => {
  it.each([
    ['journals', 'kind'],
    ['entries', 'amount'],
    ['top_ups', 'amount'],
  ])('the application may not change or delete %s (%s)', async (table, column) => {
    const denied = { code: '42501' };

    await expect(database.db(table).update(column, 1)).rejects.toMatchObject(denied);
    await expect(database.db(table).delete()).rejects.toMatchObject(denied);
    await expect(database.db.raw(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject(denied);
  });

  it.each([
    'DROP TRIGGER journals_balance ON entries',
    'ALTER TABLE entries DISABLE TRIGGER journals_balance',
    'ALTER TABLE entries DISABLE TRIGGER ALL',
    'SET session_replication_role = replica',
    'CREATE OR REPLACE FUNCTION journals_must_balance() RETURNS trigger LANGUAGE sql AS $$ SELECT NULL $$',
    'ALTER TABLE wallets DROP CONSTRAINT wallets_balance_check',
    'SET ROLE holdfast_owner',
  ])('the application may not remove the checks: %s', async (statement) => {
    await expect(database.db.raw(statement)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('Postgres rejects what leaves a journal unbalanced, whichever code writes it:', () => {
  const CHECK_VIOLATION = { code: '23514' };

  it('a single entry', async () => {
    const journalId = await aJournal();

    await expect(database.db('entries').insert(aLine(journalId, 1))).rejects.toMatchObject(CHECK_VIOLATION);
  });

  it('one more entry for a journal that balances', async () => {
    const journalId = await aJournal();
    await database.db('entries').insert([aLine(journalId, 1), aLine(journalId, -1)]);

    await expect(database.db('entries').insert(aLine(journalId, 1))).rejects.toMatchObject(CHECK_VIOLATION);
  });

  it('two journals that only together sum to zero', async () => {
    const lines = [aLine(await aJournal(), 1), aLine(await aJournal(), -1)];

    await expect(database.db('entries').insert(lines)).rejects.toMatchObject(CHECK_VIOLATION);
  });

  it('a transaction that balances only at its end, because each of its statements must balance', async () => {
    const journalId = await aJournal();

    const transaction = database.db.transaction(async (running) => {
      await running('entries').insert(aLine(journalId, 1));
      await running('entries').insert(aLine(journalId, -1));
    });

    await expect(transaction).rejects.toMatchObject(CHECK_VIOLATION);
  });
});

async function aJournal(): Promise<string> {
  const id = randomUUID();
  await database.db('journals').insert({ id, key: id, kind: 'SALE' });
  return id;
}

function aLine(journalId: string, amount: number) {
  return { journal_id: journalId, account: 'house:pending', amount, currency: 'KRW' };
}
