-- Keys: only the hash is kept; the prefix is what people see to tell keys apart.
create table api_keys (
  id           uuid primary key,
  name         text not null,
  tenant       text not null check (tenant ~ '^[A-Za-z0-9_-]{1,64}$'),
  role         text not null check (role in ('admin', 'user')),
  prefix       text not null,
  key_hash     bytea not null unique check (length(key_hash) = 32),
  created_at   timestamptz not null,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- One row per request that reached a model or a strategy; the request's id makes it idempotent.
create table usage_ledger (
  request_id        text primary key,
  run_id            text not null,
  tenant            text not null,
  key_id            uuid,
  endpoint          text not null,
  model             text not null,
  strategy          text,
  prompt_tokens     bigint not null check (prompt_tokens >= 0),
  completion_tokens bigint not null check (completion_tokens >= 0),
  cached_tokens     bigint not null check (cached_tokens >= 0),
  status            text not null check (status in ('finished', 'failed', 'cancelled')),
  error_code        text,
  started_at        timestamptz not null,
  finished_at       timestamptz not null
);

create index usage_ledger_by_tenant on usage_ledger (tenant, started_at);

-- What administrators did. Rows are only ever added.
create table audit_log (
  id         uuid primary key,
  at         timestamptz not null,
  request_id text not null,
  actor      text not null,
  key_id     uuid,
  action     text not null,
  target     text not null,
  detail     text not null
);

create index audit_log_by_time on audit_log (at);
