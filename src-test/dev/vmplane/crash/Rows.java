package dev.vmplane.crash;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the database says at one moment, read from its file past the control plane.
 *
 * @param seq the last event
 * @param events how many there are; as many as {@code seq} says when none is missing
 * @param vms those that may still hold something of the host
 */
record Rows(long seq, long events, List<Job> jobs, List<Vm> vms) {

    record Job(String jobId, String specHash, int replicas, int poolMin, int poolMax) {}

    record Vm(String vmId, String specHash, String jobId, int replica, String phase, long pid, String address) {
        private boolean fills(Job job, int replica) {
            return job.jobId.equals(jobId)
                    && this.replica == replica
                    && specHash.equals(job.specHash)
                    && phase.equals("RUNNING");
        }
    }

    static Rows read(Path database) throws SQLException {
        try (var connection =
                DriverManager.getConnection("jdbc:sqlite:" + database + "?open_mode=1&busy_timeout=5000")) {
            connection.setAutoCommit(false);
            var events = all(
                            connection,
                            "select coalesce(max(seq), 0), count(*) from event",
                            row -> List.of(row.getLong(1), row.getLong(2)))
                    .get(0);
            return new Rows(
                    events.get(0),
                    events.get(1),
                    all(connection, "select * from job", Rows::job),
                    all(connection, "select * from microvm where released = 0", Rows::vm));
        }
    }

    /** What ended since an event without anybody having wished for it, told as {@code vm from to reason}. */
    static List<String> endsSince(Path database, long seq) throws SQLException {
        try (var connection =
                DriverManager.getConnection("jdbc:sqlite:" + database + "?open_mode=1&busy_timeout=5000")) {
            return all(
                            connection,
                            "select vm_id, data from event where type = 'vm.phase' and seq > " + seq,
                            row -> Map.entry(row.getString(1), new JsonObject(row.getString(2))))
                    .stream()
                    .filter(event -> event.getValue().getString("to").equals("failed"))
                    .filter(event -> !abandoned(event.getValue()))
                    .map(event -> event.getKey() + " " + event.getValue().encode())
                    .toList();
        }
    }

    /** A VM that was being made when the control plane died is given up by the next one. */
    private static boolean abandoned(JsonObject move) {
        return "abandoned".equals(move.getString("reason"))
                && List.of("starting", "booting").contains(move.getString("from"));
    }

    private static Job job(ResultSet row) throws SQLException {
        var spec = new JsonObject(row.getString("spec"));
        var pool = spec.getJsonObject("warm_pool", new JsonObject());
        return new Job(
                row.getString("job_id"),
                row.getString("spec_hash"),
                spec.getInteger("replicas", 1),
                pool.getInteger("min", 0),
                pool.getInteger("max", 0));
    }

    private static Vm vm(ResultSet row) throws SQLException {
        return new Vm(
                row.getString("vm_id"),
                row.getString("spec_hash"),
                row.getString("job_id"),
                row.getInt("replica"),
                row.getString("phase"),
                row.getLong("pid"),
                row.getString("address"));
    }

    @FunctionalInterface
    private interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private static <T> List<T> all(Connection connection, String sql, Reader<T> reader) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var list = new ArrayList<T>();
            while (rows.next()) {
                list.add(reader.read(rows));
            }
            return list;
        }
    }

    /** What is not yet as the jobs want it; nothing when the plane is at rest. */
    List<String> unrest() {
        var moving = vms.stream()
                .filter(vm -> !List.of("WARM", "RUNNING").contains(vm.phase))
                .map(Vm::toString);
        return Stream.of(moving, jobs.stream().flatMap(this::unfilled), pools())
                .flatMap(text -> text)
                .toList();
    }

    private Stream<String> unfilled(Job job) {
        var fills = new ArrayList<String>();
        for (var replica = 0; replica < job.replicas; replica++) {
            var at = replica;
            var there = vms.stream().filter(vm -> vm.fills(job, at)).count();
            if (there != 1) {
                fills.add("replica " + at + " of " + job + " has " + there + " VMs");
            }
        }
        var owned = vms.stream().filter(vm -> job.jobId.equals(vm.jobId)).count();
        if (owned != job.replicas) {
            fills.add(job + " owns " + owned + " VMs");
        }
        return fills.stream();
    }

    private Stream<String> pools() {
        var bounds = new TreeMap<String, int[]>();
        jobs.forEach(job -> bounds.merge(job.specHash, new int[] {job.poolMin, job.poolMax}, (one, other) ->
                new int[] {Math.max(one[0], other[0]), Math.max(one[1], other[1])}));
        var unowned = vms.stream()
                .filter(vm -> vm.jobId == null)
                .collect(Collectors.groupingBy(Vm::specHash, Collectors.counting()));
        unowned.keySet().forEach(hash -> bounds.putIfAbsent(hash, new int[] {0, 0}));
        return bounds.entrySet().stream()
                .filter(pool -> {
                    long there = unowned.getOrDefault(pool.getKey(), 0L);
                    return there < pool.getValue()[0] || there > pool.getValue()[1];
                })
                .map(pool -> "pool " + pool.getKey() + " of " + pool.getValue()[0] + " to " + pool.getValue()[1]
                        + " has " + unowned.getOrDefault(pool.getKey(), 0L));
    }
}
