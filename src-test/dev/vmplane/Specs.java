package dev.vmplane;

import dev.vmplane.model.Boot;
import dev.vmplane.model.Completion;
import dev.vmplane.model.Health;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Resources;
import dev.vmplane.model.Restart;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VolumeMount;
import dev.vmplane.model.WarmPool;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Specs for tests, small and complete. */
public final class Specs {
    private static final Health HEALTH = new Health(
            Health.Kind.HTTP, "/health", 8080, Duration.ofSeconds(1), Duration.ofMillis(500), Duration.ofSeconds(15));

    private Specs() {}

    public static Boot boot(String colour) {
        return new Boot(
                "rootfs-web.ext4",
                "vmlinux",
                List.of("/app/bin/server"),
                Map.of("COLOUR", colour),
                Resources.of(1, 128),
                List.of(),
                8080,
                HEALTH);
    }

    /** A service whose hash depends on {@code colour} alone. */
    public static Spec service(String colour, int min, int max) {
        return service(colour, min, max, 1);
    }

    public static Spec service(String colour, int min, int max, int replicas) {
        return new Spec(
                null,
                boot(colour),
                Lifecycle.SERVICE,
                new WarmPool(min, max),
                new Restart(Restart.Policy.ALWAYS, 0),
                replicas,
                null,
                List.of(),
                Map.of());
    }

    /** The same for guests of another size. */
    public static Spec sized(Spec spec, Resources resources) {
        var boot = spec.boot();
        return new Spec(
                spec.role(),
                new Boot(
                        boot.rootfs(),
                        boot.kernel(),
                        boot.program().cmd(),
                        boot.program().env(),
                        resources,
                        boot.volumes(),
                        boot.port(),
                        boot.health()),
                spec.lifecycle(),
                spec.warmPool(),
                spec.restart(),
                spec.replicas(),
                spec.host(),
                spec.allow(),
                spec.labels());
    }

    /** The same with volumes of 64 MiB under these names; hence without a warm pool, and one replica at most. */
    public static Spec withVolumes(Spec spec, String... names) {
        return withVolumes(spec, 64, names);
    }

    public static Spec withVolumes(Spec spec, int sizeMib, String... names) {
        var boot = spec.boot();
        var volumes = Stream.of(names)
                .sorted()
                .map(name -> new VolumeMount(name, "/mnt/" + name, sizeMib))
                .toList();
        return new Spec(
                spec.role(),
                new Boot(
                        boot.rootfs(),
                        boot.kernel(),
                        boot.program().cmd(),
                        boot.program().env(),
                        boot.resources(),
                        volumes,
                        boot.port(),
                        boot.health()),
                spec.lifecycle(),
                WarmPool.NONE,
                spec.restart(),
                Math.min(1, spec.replicas()),
                spec.host(),
                spec.allow(),
                spec.labels());
    }

    /** The same, booted from the image of a pinned reference. */
    public static Spec withImage(Spec spec, String pinned) {
        var boot = spec.boot();
        return new Spec(
                spec.role(),
                pinned,
                new Boot(
                        PinnedImage.digestOf(pinned),
                        boot.kernel(),
                        boot.program(),
                        boot.resources(),
                        boot.volumes(),
                        boot.port(),
                        boot.health(),
                        boot.hooks(),
                        boot.tenant()),
                spec.lifecycle(),
                spec.warmPool(),
                spec.restart(),
                spec.completion(),
                spec.replicas(),
                spec.host(),
                spec.allow(),
                spec.attachEnv(),
                spec.labels());
    }

    /** The same with these hooks. */
    public static Spec withHooks(Spec spec, Hooks hooks) {
        var boot = spec.boot();
        return with(
                spec,
                new Boot(
                        boot.rootfs(),
                        boot.kernel(),
                        boot.program(),
                        boot.resources(),
                        boot.volumes(),
                        boot.port(),
                        boot.health(),
                        hooks,
                        boot.tenant()),
                spec.warmPool(),
                spec.attachEnv());
    }

    /** The same, told these variables when a VM is attached. */
    public static Spec withAttachEnv(Spec spec, Map<String, String> attachEnv) {
        return with(spec, spec.boot(), spec.warmPool(), attachEnv);
    }

    /** The same, whose warm VMs are paused. */
    public static Spec pausing(Spec spec) {
        var pool = new WarmPool(spec.warmPool().min(), spec.warmPool().max(), WarmPool.Mode.PAUSED);
        return with(spec, spec.boot(), pool, spec.attachEnv());
    }

    /** The same, over as {@code completion} says. */
    public static Spec completing(Spec spec, Completion completion) {
        return new Spec(
                spec.role(),
                spec.image(),
                spec.boot(),
                spec.lifecycle(),
                spec.warmPool(),
                spec.restart(),
                completion,
                spec.replicas(),
                spec.host(),
                spec.allow(),
                spec.attachEnv(),
                spec.labels());
    }

    private static Spec with(Spec spec, Boot boot, WarmPool pool, Map<String, String> attachEnv) {
        return new Spec(
                spec.role(),
                spec.image(),
                boot,
                spec.lifecycle(),
                pool,
                spec.restart(),
                spec.completion(),
                spec.replicas(),
                spec.host(),
                spec.allow(),
                attachEnv,
                spec.labels());
    }

    /** A job that runs once and is tried again after a failure at most {@code attempts} times. */
    public static Spec job(String colour, int attempts) {
        return new Spec(
                null,
                boot(colour),
                Lifecycle.JOB,
                WarmPool.NONE,
                new Restart(Restart.Policy.ON_FAILURE, attempts),
                1,
                null,
                List.of(),
                Map.of());
    }
}
