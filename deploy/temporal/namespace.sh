#!/bin/sh
# Makes the namespace and its search attributes. Safe to repeat. TEMPORAL_ADDRESS comes from the environment.
set -eu

temporal operator cluster health
temporal operator namespace describe default > /dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 7d

known=$(temporal operator search-attribute list --namespace default)
for name in ReservationStatus ScheduleId UserId RefundStatus StuckStep; do
  case "$known" in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace default --name "$name" --type Keyword ;;
  esac
done
