package dev.vmplane.vm;

import dev.vmplane.model.Health;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import java.time.Duration;
import java.util.function.Consumer;

/** Asks one guest again and again whether it does its work. At most one check is pending. */
final class Checkup {
    /** How often a guest that has not passed yet is asked: it is worth much to know soon. */
    private static final Duration SETTLING = Duration.ofMillis(100);

    private final MicroVm vm;
    private final HealthProbe probe;
    private final Time time;
    private final Consumer<Boolean> told;
    private Alarm next = () -> {};

    /** @param told hears of each check whether it passed */
    Checkup(MicroVm vm, HealthProbe probe, Time time, Consumer<Boolean> told) {
        this.vm = vm;
        this.probe = probe;
        this.time = time;
        this.told = told;
    }

    void now() {
        after(Duration.ZERO);
    }

    /** At a moment of this VM's own, so that not all are asked at once after a restart. */
    void soon() {
        var interval = Math.max(1, vm.boot().health().interval().toMillis());
        after(Duration.ofMillis(Math.floorMod(vm.vmId().hashCode(), interval)));
    }

    /** When a VM in this phase is to be asked again, if at all. */
    void again(Phase phase) {
        switch (phase) {
            case BOOTING, WARMING -> after(SETTLING);
            case WARM, RUNNING -> {
                if (vm.boot().health().kind() != Health.Kind.NONE) {
                    after(vm.boot().health().interval());
                }
            }
            case PENDING, STARTING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> cancel();
        }
    }

    void cancel() {
        next.cancel();
    }

    private void after(Duration delay) {
        next.cancel();
        next = time.after(
                delay, () -> probe.passes(vm.boot().health(), vm.address()).onSuccess(told::accept));
    }
}
