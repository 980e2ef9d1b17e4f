import {
  canMove,
  RESERVATION_STATUSES,
  statesBefore,
} from '../../../src/domain/reservations/reservationStates';

describe('the state table', () => {
  it.each(['EXPIRED', 'RELEASED', 'CANCELLED'] as const)('%s is final', (from) => {
    expect(RESERVATION_STATUSES.filter((to) => canMove(from, to))).toEqual([]);
  });

  it('a paid reservation can only be cancelled', () => {
    expect(RESERVATION_STATUSES.filter((to) => canMove('CONFIRMED', to))).toEqual(['CANCELLED']);
  });

  it('only a payment under way leads to CONFIRMED', () => {
    expect(statesBefore('CONFIRMED')).toEqual(['PAYING', 'SETTLING']);
  });

  it('only a hold is released early: a payment under way keeps its seats', () => {
    expect(statesBefore('RELEASED')).toEqual(['HELD']);
  });

  it('no state leads to itself, so that a step that runs twice moves nothing', () => {
    expect(RESERVATION_STATUSES.filter((status) => canMove(status, status))).toEqual([]);
  });
});
