package dev.vmplane.store;

import dev.vmplane.model.BootDocument;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.SpecDocument;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.model.Volume;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Records to rows and back. The order of values here is the order of columns in {@link Sql}. */
final class Rows {
    private static final Map<String, EventType> EVENT_TYPES =
            Arrays.stream(EventType.values()).collect(Collectors.toMap(EventType::text, Function.identity()));

    private Rows() {}

    static Tuple of(DesiredVm job) {
        return Tuple.of(
                job.jobId(),
                job.tenant(),
                job.generation(),
                job.source().name(),
                job.run() ? 1 : 0,
                job.restarted(),
                job.specHash(),
                json(SpecDocument.of(job.spec())),
                millis(job.createdAt()),
                millis(job.updatedAt()));
    }

    static DesiredVm job(Row row) {
        var spec = SpecDocument.read(map(row, "spec"));
        return new DesiredVm(
                row.getString("job_id"),
                row.getString("tenant"),
                spec,
                row.getString("spec_hash"),
                row.getLong("generation"),
                DesiredVm.Source.valueOf(row.getString("source")),
                row.getInteger("run") == 1,
                row.getLong("restarted"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    static Tuple of(MicroVm vm) {
        var owner = vm.owner();
        var state = vm.state();
        var process = state.process();
        var reason = state.reason();
        var exit = state.exit() == null ? GuestExit.UNKNOWN : state.exit();
        return Tuple.tuple(Arrays.asList(
                vm.vmId(),
                vm.node(),
                vm.specHash(),
                json(BootDocument.of(vm.boot())),
                owner == null ? null : owner.jobId(),
                owner == null ? null : owner.tenant(),
                owner == null ? null : owner.replica(),
                owner == null ? null : owner.generation(),
                vm.phase().name(),
                millis(state.since()),
                millis(state.deadline()),
                process == null ? null : process.pid(),
                process == null ? null : process.startTicks(),
                state instanceof VmState.Running running && running.healthy() ? 1 : 0,
                reason == null ? null : reason.code().name(),
                reason == null ? null : reason.detail(),
                exit.status(),
                exit.signal(),
                // The column holds no null: a row that waits for its address has an empty one.
                vm.address() == null ? "" : vm.address(),
                String.join(",", vm.volumeIds()),
                millis(vm.createdAt()),
                vm.released() ? 1 : 0));
    }

    static MicroVm vm(Row row) {
        var boot = BootDocument.read(map(row, "boot"));
        var owner = row.getString("job_id") == null
                ? null
                : new Owner(
                        row.getString("job_id"),
                        row.getString("tenant"),
                        row.getInteger("replica"),
                        row.getLong("generation"));
        return new MicroVm(
                row.getString("vm_id"),
                row.getString("node"),
                row.getString("spec_hash"),
                boot,
                owner,
                state(row),
                addressOf(row),
                volumeIds(row),
                instant(row, "created_at"),
                row.getInteger("released") == 1);
    }

    private static String addressOf(Row row) {
        var address = row.getString("address");
        return address.isEmpty() ? null : address;
    }

    private static VmState state(Row row) {
        var since = instant(row, "since");
        var deadline = instant(row, "deadline");
        var pid = row.getLong("pid");
        var process = pid == null ? null : new VmmProcess(pid, row.getLong("start_ticks"));
        var reason = reason(row);
        var exit = new GuestExit(row.getInteger("exit_status"), row.getInteger("exit_signal"));
        return switch (Phase.valueOf(row.getString("phase"))) {
            case PENDING -> new VmState.Pending(since, reason);
            case STARTING -> new VmState.Starting(since, deadline);
            case BOOTING -> new VmState.Booting(since, deadline, process);
            case WARMING -> new VmState.Warming(since, deadline, process);
            case WARM -> new VmState.Warm(since, process);
            case PAUSED -> new VmState.Paused(since, process);
            case RUNNING -> new VmState.Running(since, process, row.getInteger("healthy") == 1);
            case DRAINING -> new VmState.Draining(since, deadline, process, reason);
            case STOPPING -> new VmState.Stopping(since, deadline, process, reason);
            case STOPPED -> new VmState.Stopped(since, reason, exit);
            case FAILED -> new VmState.Failed(since, reason, exit);
        };
    }

    private static List<String> volumeIds(Row row) {
        var ids = row.getString("volumes");
        return ids.isEmpty() ? List.of() : List.of(ids.split(","));
    }

    static Tuple of(Volume volume) {
        return Tuple.tuple(Arrays.asList(
                volume.id(),
                volume.tenant(),
                volume.name(),
                volume.sizeMib(),
                volume.node(),
                volume.deleting() ? 1 : 0,
                millis(volume.createdAt())));
    }

    static Volume volume(Row row) {
        return new Volume(
                row.getString("id"),
                row.getString("tenant"),
                row.getString("name"),
                row.getInteger("size_mib"),
                row.getString("node"),
                row.getInteger("deleting") == 1,
                instant(row, "created_at"));
    }

    static Tuple of(Retry retry) {
        return Tuple.tuple(Arrays.asList(
                retry.key(),
                retry.specHash(),
                retry.failures(),
                millis(retry.nextTry()),
                millis(retry.since()),
                retry.reason().code().name(),
                retry.reason().detail()));
    }

    static Retry retry(Row row) {
        return new Retry(
                row.getString("key"),
                row.getString("spec_hash"),
                row.getInteger("failures"),
                instant(row, "next_try"),
                instant(row, "since"),
                reason(row));
    }

    static Tuple of(Event event) {
        return Tuple.tuple(Arrays.asList(
                event.seq(),
                millis(event.at()),
                event.type().text(),
                event.tenant(),
                event.jobId(),
                event.vmId(),
                json(event.data())));
    }

    static Event event(Row row) {
        return new Event(
                row.getLong("seq"),
                instant(row, "at"),
                EVENT_TYPES.get(row.getString("type")),
                row.getString("tenant"),
                row.getString("job_id"),
                row.getString("vm_id"),
                map(row, "data"));
    }

    private static Reason reason(Row row) {
        var code = row.getString("reason");
        return code == null ? null : new Reason(ReasonCode.valueOf(code), row.getString("detail"));
    }

    private static String json(Map<String, Object> values) {
        return new JsonObject(values).encode();
    }

    private static Map<String, Object> map(Row row, String column) {
        return new JsonObject(row.getString(column)).getMap();
    }

    static Long millis(Instant instant) {
        return instant == null ? null : instant.toEpochMilli();
    }

    static Instant instant(Row row, String column) {
        var millis = row.getLong(column);
        return millis == null ? null : Instant.ofEpochMilli(millis);
    }
}
