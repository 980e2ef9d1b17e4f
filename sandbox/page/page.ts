import type { BookedLine } from '../book';
import { bookedAtOf, isCapture, leftOf } from '../lines';
import type { Message } from '../outbox';
import type { Charge, Refund } from '../../src/gateways/sandbox/protocol';
import { html, type Html } from './html';
import { STYLE_ELEMENT } from './style';

/**
 * The book as a page, newest first.
 *
 * @param older the cursor of the next page, null on the last
 */
export function bookPage(lines: readonly BookedLine[], older: string | null): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Sandbox gateway</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <h1>Sandbox gateway</h1>
        <p>Every charge in its book, newest first. No money moves here.</p>
        ${lines.length > 0 ? table(lines) : html`<p>Nothing is booked yet.</p>`}
        <nav>${older === null ? '' : html`<a href="/?before=${encodeURIComponent(older)}">Older</a>`}</nav>
      </body>
    </html>`.html;
}

const table = (lines: readonly BookedLine[]): Html => html`
  <table>
    <thead>
      <tr>
        <th>Booked (UTC)</th>
        <th>Charge</th>
        <th>Status</th>
        <th class="number">Amount</th>
        <th>Refunds</th>
        <th>Webhooks</th>
      </tr>
    </thead>
    <tbody>
      ${lines.map(row)}
    </tbody>
  </table>
`;

const row = ({ charge, messages }: BookedLine): Html => html`
  <tr>
    <td class="number">${timeOf(bookedAtOf(charge))}</td>
    <td class="name">
      ${namesOf(charge).map(([what, name]) => html`<span class="faint">${what}</span> ${name}<br />`)}
    </td>
    <td>
      <span class="${TONES[charge.status]}">${charge.status}</span>
      ${'reason' in charge ? html`<br /><span class="faint">${charge.reason}</span>` : ''}
    </td>
    <td class="number">${'amount' in charge ? amountsOf(charge) : ''}</td>
    <td>
      <ul>
        ${refundsOf(charge)}
      </ul>
    </td>
    <td>
      <ul>
        ${messages.map(messageOf)}
      </ul>
    </td>
  </tr>
`;

const TONES: Record<Charge['status'] | Message['state'], string> = {
  CAPTURED: 'good',
  AUTHORISED: 'wait',
  REFUNDED: 'faint',
  VOIDED: 'faint',
  BARRED: 'faint',
  DECLINED: 'bad',
  DELIVERED: 'good',
  WAITING: 'wait',
  GIVEN_UP: 'bad',
};

function namesOf(charge: Charge): [what: string, name: string][] {
  const names: [string, string][] = [['key', charge.idempotencyKey]];
  if (charge.status === 'BARRED') return names;
  names.push(['order', charge.orderId]);
  if ('gatewayPaymentId' in charge) names.push(['id', charge.gatewayPaymentId]);
  if (charge.paymentKey !== undefined) names.push(['payment key', charge.paymentKey]);
  return names;
}

function amountsOf(charge: Exclude<Charge, { status: 'BARRED' }>): Html {
  const { amount, currency } = charge;
  const left = 'refunds' in charge ? leftOf(charge) : amount;
  const kept = left === amount ? '' : html`<br /><span class="faint">${money(left, currency)} left</span>`;
  return html`${money(amount, currency)}${kept}`;
}

function refundsOf(charge: Charge): Html[] {
  if (!isCapture(charge)) return [];
  const { refunds, currency, refusedRefunds = [] } = charge;
  const refused = html`<li class="bad">${refusedRefunds.length} refused</li>`;
  return [
    ...refunds.map((refund) => refundOf(refund, currency)),
    ...(refusedRefunds.length > 0 ? [refused] : []),
  ];
}

const refundOf = ({ amount, reason, refundedAt }: Refund, currency: string): Html =>
  html`<li>
    ${money(amount, currency)} <span class="faint">${timeOf(Date.parse(refundedAt))}, ${reason}</span>
  </li>`;

function messageOf({ event, state, attempts, lastAnswer, dueAt }: Message): Html {
  const next = state === 'WAITING' ? `, next ${timeOf(dueAt)}` : '';
  return html`<li>
    ${event.type} <span class="${TONES[state]}">${state}</span>
    <span class="faint"
      >${attempts} ${attempts === 1 ? 'try' : 'tries'}, ${lastAnswer ?? 'no answer yet'}${next}</span
    >
  </li>`;
}

/** Such as `2026-01-31 12:00:00`. */
const timeOf = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');

const money = (amount: number, currency: string): string => `${amount.toLocaleString('en')} ${currency}`;
