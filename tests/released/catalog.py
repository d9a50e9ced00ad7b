"""A database's schema as lines of text: what a node of any release relies on, one promise a line."""

from __future__ import annotations

from typing import Any, Final

import psycopg

_LINES: Final = """
    select format('column %s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
    union all
    select format('type %s (%s)', c.relname,
        string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum))
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'c' and a.attnum > 0 and not a.attisdropped
    group by c.oid
    union all
    select format('function %s(%s) returns %s', p.proname, pg_get_function_identity_arguments(p.oid),
        pg_get_function_result(p.oid))
    from pg_proc p where p.pronamespace = 'public'::regnamespace
    union all
    select format('constraint %s.%s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
    from pg_constraint c
    where c.connamespace = 'public'::regnamespace and c.conrelid <> 0 and c.contype <> 'n'
    union all
    select 'migration ' || version from schema_migrations
    union all
    select i.indexdef from pg_indexes i where i.schemaname = 'public'
"""
_STRICT: Final = """
    select format('%s.%s', c.relname, a.attname)
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        and a.attnotnull and not a.atthasdef and a.attidentity = ''
"""


def catalog(connection: psycopg.Connection[Any]) -> list[str]:
    """Columns, types, functions, constraints, indexes and the migrations that made them, sorted."""
    return sorted(line for (line,) in connection.execute(_LINES))


def must_be_given(connection: psycopg.Connection[Any]) -> set[str]:
    """Columns that an insert must name: not null and without a default."""
    return {name for (name,) in connection.execute(_STRICT)}
