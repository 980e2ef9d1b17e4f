import type { Client } from '@temporalio/client';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { Logger } from '../config/logging';
import type { Settings } from '../config/settings';
import type { RateLimits } from '../redis/rateLimits';
import type { Authenticate } from './auth/accessTokens';
import type { HttpMetrics } from './service/metrics';

/** What the API's resources are made of, built once at the start. */
export interface ApiDependencies {
  settings: Settings;
  logger: Logger;
  db: Knex;
  redis: Redis;
  temporal: Client;
  metrics: HttpMetrics;
  limits: RateLimits;
  authenticate: Authenticate;
  /** Aborted when the service stops: event streams end then. */
  stopping: AbortSignal;
}
