#!/bin/sh
# Runs once, when the volume is new. It makes Temporal's own login, which creates and owns its two databases.
set -eu
psql --username=postgres --set=ON_ERROR_STOP=1 --set=password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'password';
SQL
