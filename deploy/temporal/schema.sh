#!/bin/sh
# Makes the databases of Temporal if they are missing, and updates their schemas. Safe to repeat. SQL_PLUGIN,
# SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD come from the environment.
set -eu
schemas=/etc/temporal/schema/postgresql/v12

# $1: the database, $2: its folder of schema versions
bring_up_to_date() {
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "$schemas/$2/versioned"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
