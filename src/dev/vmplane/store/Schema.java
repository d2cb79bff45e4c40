package dev.vmplane.store;

import java.util.List;

/**
 * The tables, as the list of steps that make them. A step that has been released is never changed: the next one follows
 * it. What is written here is understood by SQLite and PostgreSQL alike. Times are milliseconds since 1970.
 */
final class Schema {
    private Schema() {}

    /** The version a database has after the last step: their number. */
    static int version() {
        return STEPS.size();
    }

    /** The statements that lead from {@code version} to the next one. */
    static List<String> step(int version) {
        return STEPS.get(version);
    }

    private static final List<String> FIRST = List.of("""
            create table job (
              job_id text primary key,
              tenant text not null,
              generation bigint not null,
              source text not null,
              spec_hash text not null,
              spec text not null,
              created_at bigint not null,
              updated_at bigint not null)""", """
            create table microvm (
              vm_id text primary key,
              node text not null,
              spec_hash text not null,
              boot text not null,
              job_id text,
              tenant text,
              replica integer,
              generation bigint,
              phase text not null,
              since bigint not null,
              deadline bigint,
              pid bigint,
              start_ticks bigint,
              healthy integer not null,
              reason text,
              detail text,
              exit_status integer,
              exit_signal integer,
              address text not null,
              created_at bigint not null,
              released integer not null)""", """
            create table retry (
              key text primary key,
              spec_hash text not null,
              failures integer not null,
              next_try bigint,
              since bigint not null,
              reason text not null,
              detail text not null)""", """
            create table event (
              seq bigint primary key,
              at bigint not null,
              type text not null,
              tenant text,
              job_id text,
              vm_id text,
              data text not null)""");

    private static final List<String> VOLUMES =
            List.of("""
            create table volume (
              id text primary key,
              tenant text not null,
              name text not null,
              size_mib integer not null,
              node text not null,
              deleting integer not null,
              created_at bigint not null,
              unique (tenant, name))""", "alter table microvm add column volumes text not null default ''");

    private static final List<String> IMAGES = List.of("""
            create table image (
              digest text primary key,
              names text not null,
              config text not null,
              state text not null,
              fetched_bytes bigint not null,
              all_bytes bigint not null,
              fetched_layers integer not null,
              all_layers integer not null,
              bytes bigint not null,
              trouble text,
              failures integer not null,
              next_try bigint,
              node text not null,
              created_at bigint not null)""");

    private static final List<String> STEERING = List.of(
            "alter table job add column run integer not null default 1",
            "alter table job add column restarted bigint not null default 0");

    private static final List<String> ANSWERS = List.of("""
            create table answer (
              tenant text not null,
              key text not null,
              fingerprint text not null,
              job_id text not null,
              fresh integer not null,
              at bigint not null,
              status integer,
              body text,
              location text,
              tag text,
              primary key (tenant, key))""");

    private static final List<List<String>> STEPS = List.of(FIRST, VOLUMES, IMAGES, STEERING, ANSWERS);
}
