-- A run, and the state of its lease. The replica that holds the lease alone may append to the run's
-- log: every append checks lease_owner and lease_epoch in the same statement.
create table runs (
  id                text primary key,
  tenant            text        not null,
  strategy          text        not null,
  model             text        not null,
  status            text        not null check (status in ('running', 'finished', 'failed', 'cancelled')),
  request           jsonb       not null,
  deadline          timestamptz,
  created_at        timestamptz not null,
  finished_at       timestamptz,
  lease_owner       text        not null,
  lease_epoch       bigint      not null,
  lease_until       timestamptz not null,
  cancel_requested  boolean     not null default false,
  calls             integer     not null default 0,
  prompt_tokens     integer     not null default 0,
  completion_tokens integer     not null default 0,
  cached_tokens     integer     not null default 0,
  answer            text,
  finish_reason     text,
  why               text,
  error             text
);

-- A tenant's runs, newest first.
create index runs_of_tenant on runs (tenant, created_at desc, id desc);

-- Runs that some replica may have to take over.
create index runs_to_take_over on runs (lease_until) where status = 'running';

create table run_events (
  run_id  text        not null references runs (id) on delete cascade,
  seq     bigint      not null check (seq > 0),
  type    text        not null,
  node    text,
  at      timestamptz not null,
  payload jsonb       not null,
  primary key (run_id, seq)
);
