"""Brings the tables to what this version needs."""
from database import connection

with connection() as run:
    run("create table if not exists orders (id bigserial primary key, note text not null)")
    run("alter table orders add column if not exists done_by text")
    run("create table if not exists migrations (at timestamptz not null default now())")
    run("insert into migrations default values")
print("the tables are up to date")
