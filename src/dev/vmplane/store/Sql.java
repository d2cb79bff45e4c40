package dev.vmplane.store;

/** The statements. Values go in the order of {@link Rows}. */
final class Sql {
    private Sql() {}

    static final String PUT_JOB = """
            insert into job (job_id, tenant, generation, source, run, restarted, spec_hash, spec, created_at, updated_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (job_id) do update set tenant = excluded.tenant, generation = excluded.generation,
              source = excluded.source, run = excluded.run, restarted = excluded.restarted, spec_hash = excluded.spec_hash,
              spec = excluded.spec, created_at = excluded.created_at, updated_at = excluded.updated_at""";

    static final String DELETE_JOB = "delete from job where job_id = ?";

    static final String PUT_VM = """
            insert into microvm (vm_id, node, spec_hash, boot, job_id, tenant, replica, generation, phase, since, deadline,
              pid, start_ticks, healthy, reason, detail, exit_status, exit_signal, address, volumes, created_at, released)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (vm_id) do update set job_id = excluded.job_id, tenant = excluded.tenant,
              replica = excluded.replica, generation = excluded.generation, phase = excluded.phase,
              since = excluded.since, deadline = excluded.deadline, pid = excluded.pid,
              start_ticks = excluded.start_ticks, healthy = excluded.healthy, reason = excluded.reason,
              detail = excluded.detail, exit_status = excluded.exit_status, exit_signal = excluded.exit_signal,
              released = excluded.released""";

    static final String DELETE_VM = "delete from microvm where vm_id = ?";

    static final String PUT_VOLUME = """
            insert into volume (id, tenant, name, size_mib, node, deleting, created_at)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (id) do update set deleting = excluded.deleting""";

    static final String DELETE_VOLUME = "delete from volume where id = ?";

    static final String PUT_IMAGE = """
            insert into image (digest, names, config, state, fetched_bytes, all_bytes, fetched_layers, all_layers, bytes,
              trouble, failures, next_try, node, created_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (digest) do update set names = excluded.names, config = excluded.config, state = excluded.state,
              fetched_bytes = excluded.fetched_bytes, all_bytes = excluded.all_bytes,
              fetched_layers = excluded.fetched_layers, all_layers = excluded.all_layers, bytes = excluded.bytes,
              trouble = excluded.trouble, failures = excluded.failures, next_try = excluded.next_try,
              created_at = excluded.created_at""";

    static final String DELETE_IMAGE = "delete from image where digest = ?";

    static final String PUT_RETRY = """
            insert into retry (key, spec_hash, failures, next_try, since, reason, detail)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (key) do update set spec_hash = excluded.spec_hash, failures = excluded.failures,
              next_try = excluded.next_try, since = excluded.since, reason = excluded.reason, detail = excluded.detail""";

    static final String DELETE_RETRY = "delete from retry where key = ?";

    static final String PUT_DONE = """
            insert into answer (tenant, key, fingerprint, job_id, fresh, at) values (?, ?, ?, ?, ?, ?)
            on conflict (tenant, key) do update set fingerprint = excluded.fingerprint, job_id = excluded.job_id,
              fresh = excluded.fresh, at = excluded.at, status = null, body = null, location = null, tag = null""";

    static final String DELETE_DONE = "delete from answer where tenant = ? and key = ?";

    static final String PUT_ANSWER =
            "update answer set status = ?, body = ?, location = ?, tag = ? where tenant = ? and key = ?";

    static final String ALL_DONE = "select tenant, key, fingerprint, job_id, fresh, at, status from answer order by at";

    static final String ANSWER = "select status, body, location, tag from answer where tenant = ? and key = ?";

    static final String ADD_EVENT =
            "insert into event (seq, at, type, tenant, job_id, vm_id, data) values (?, ?, ?, ?, ?, ?, ?)";

    static final String EVENTS_SINCE = "select * from event where seq > ? order by seq limit ?";

    static final String LAST_SEQ = "select coalesce(max(seq), 0) as seq from event";

    static final String FORGET_EVENTS = "delete from event where seq <= ?";
}
