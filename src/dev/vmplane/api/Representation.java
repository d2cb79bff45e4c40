package dev.vmplane.api;

import dev.vmplane.bus.Address.Page;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageConfig;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Kernel;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.SpecDocument;
import dev.vmplane.model.Stats;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VolumeView;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Function;

/** How jobs, microVMs and the fleet are written as JSON. What is not known is left out or null, never made up. */
final class Representation {
    private Representation() {}

    static JsonObject of(JobView view, JobStatus status) {
        var job = view.job();
        var instances = new JsonArray();
        view.instances().forEach(vm -> instances.add(of(vm)));
        return new JsonObject()
                .put("job_id", job.jobId())
                .put("tenant", job.tenant())
                .put("generation", job.generation())
                .put("source", text(job.source()))
                .put("run", job.run())
                .put("created_at", job.createdAt().toString())
                .put("updated_at", job.updatedAt().toString())
                .put("spec", new JsonObject(SpecDocument.of(job.spec())))
                .put("spec_hash", job.specHash())
                .put("status", of(status))
                .put("instances", instances);
    }

    static JsonObject of(JobStatus status) {
        return new JsonObject()
                .put("state", status.state().text())
                .put("ready", status.ready())
                .put("replicas", status.replicas())
                .put("reason", of(status.reason()))
                .put("since", text(status.since()))
                .put("next_try", text(status.nextTry()))
                .put("attempts", status.attempts())
                .put("exit", of(status.exit()))
                .put("image", status.image() == null ? null : progressOf(status.image()));
    }

    /** How far the fetching of an image is. */
    private static JsonObject progressOf(Image image) {
        return of(image.progress()).put("digest", image.digest()).put("state", text(image.state()));
    }

    private static JsonObject of(Image.Progress progress) {
        return new JsonObject()
                .put("bytes", progress.bytes())
                .put("all_bytes", progress.of())
                .put("layers", progress.layers())
                .put("all_layers", progress.ofLayers());
    }

    static JsonObject of(MicroVm vm) {
        var owner = vm.owner();
        return new JsonObject()
                .put("vm_id", vm.vmId())
                .put("job_id", owner == null ? null : owner.jobId())
                .put("tenant", owner == null ? null : owner.tenant())
                .put("replica", owner == null ? null : owner.replica())
                .put("phase", text(vm.phase()))
                .put("healthy", healthy(vm.state()))
                .put("spec_hash", vm.specHash())
                .put("address", vm.address())
                .put("port", vm.boot().port())
                .put("since", text(vm.state().since()))
                .put("reason", of(vm.state().reason()))
                .put("exit", of(vm.state().exit()))
                .put("created_at", text(vm.createdAt()))
                .put("node", vm.node());
    }

    static JsonObject of(VolumeView view) {
        var volume = view.volume();
        var holder = view.holder();
        var state = volume.deleting() ? "deleting" : holder == null ? "free" : "attached";
        return new JsonObject()
                .put("name", volume.name())
                .put("tenant", volume.tenant())
                .put("size_mb", volume.sizeMib())
                .put("state", state)
                .put("vm_id", holder == null ? null : holder.vmId())
                .put("job_id", holder == null ? null : holder.owner().jobId())
                .put("jobs", new JsonArray(view.jobs()))
                .put("created_at", text(volume.createdAt()))
                .put("node", volume.node());
    }

    static JsonObject of(ImageView view) {
        var image = view.image();
        return new JsonObject()
                .put("digest", image.digest())
                .put("references", new JsonArray(image.references()))
                .put("state", text(image.state()))
                .put("progress", of(image.progress()))
                .put("bytes", image.bytes())
                .put("detail", image.trouble())
                .put("failures", image.failures())
                .put("next_try", text(image.nextTry()))
                .put("config", of(image.config()))
                .put("jobs", new JsonArray(view.jobs()))
                .put("vms", new JsonArray(view.vms()))
                .put("created_at", text(image.createdAt()))
                .put("node", image.node());
    }

    private static JsonObject of(ImageConfig config) {
        var env = new JsonArray();
        config.env().keySet().forEach(env::add);
        return new JsonObject()
                .put("entrypoint", new JsonArray(config.entrypoint()))
                .put("cmd", new JsonArray(config.cmd()))
                .put("env", env)
                .put("workdir", config.workdir())
                .put("user", config.user())
                .put("stop_signal", config.stopSignal())
                .put("exposed_ports", new JsonArray(config.exposedPorts()));
    }

    static JsonObject of(Kernel kernel) {
        return new JsonObject()
                .put("name", kernel.name())
                .put("format", text(kernel.format()))
                .put("version", kernel.version())
                .put("bytes", kernel.bytes())
                .put("initramfs", kernel.initramfs())
                .put("modified_at", text(kernel.modifiedAt()));
    }

    static <T> JsonObject of(Page<T> page, Function<T, JsonObject> item) {
        var items = new JsonArray();
        page.items().forEach(one -> items.add(item.apply(one)));
        return new JsonObject().put("items", items).put("next", page.next());
    }

    static JsonObject of(Stats stats, Instant now) {
        var phases = new JsonObject();
        for (var phase : Phase.values()) {
            phases.put(text(phase), count(stats, phase));
        }
        var jobs = new JsonObject();
        stats.jobs().forEach(view -> jobs.put(view.job().jobId(), brief(view, JobStatus.of(view, now))));
        var pools = new JsonObject();
        stats.pools().forEach(pool -> pools.put(pool.specHash(), of(pool)));
        return new JsonObject()
                .put(
                        "summary",
                        new JsonObject()
                                .put("seq", stats.seq())
                                .put("total_jobs", stats.jobs().size())
                                .put(
                                        "total_warm",
                                        stats.pools().stream()
                                                .mapToInt(Stats.PoolView::warm)
                                                .sum())
                                .put("total_running", count(stats, Phase.RUNNING))
                                .put("phases", phases))
                .put("jobs", jobs)
                .put("warm_pool", pools);
    }

    private static JsonObject brief(JobView view, JobStatus status) {
        return new JsonObject()
                .put("tenant", view.job().tenant())
                .put("generation", view.job().generation())
                .put("lifecycle", text(view.job().spec().lifecycle()))
                .put("spec_hash", view.job().specHash())
                .put("status", of(status));
    }

    private static JsonObject of(Stats.PoolView pool) {
        var retry = pool.retry();
        var reason = retry == null ? pool.waiting() : retry.reason();
        return new JsonObject()
                .put("min", pool.bounds().min())
                .put("max", pool.bounds().max())
                .put("mode", text(pool.bounds().mode()))
                .put("warm", pool.warm())
                .put("warming", pool.warming())
                .put("jobs", pool.jobs())
                .put("reason", of(reason))
                .put("next_try", retry == null ? null : text(retry.nextTry()));
    }

    private static JsonObject of(Reason reason) {
        return reason == null
                ? null
                : new JsonObject().put("code", reason.code().text()).put("detail", reason.detail());
    }

    private static JsonObject of(GuestExit exit) {
        return exit == null
                ? null
                : new JsonObject().put("status", exit.status()).put("signal", exit.signal());
    }

    /** Known of a VM that is checked; null before and after. */
    private static Boolean healthy(VmState state) {
        return switch (state.phase()) {
            case RUNNING -> ((VmState.Running) state).healthy();
            case WARM -> true;
            case PENDING, STARTING, BOOTING, WARMING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> null;
        };
    }

    private static int count(Stats stats, Phase phase) {
        return stats.phases().getOrDefault(phase, 0);
    }

    private static String text(Instant instant) {
        return instant == null ? null : instant.toString();
    }

    private static String text(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
