package dev.vmplane.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Stats;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random histories of a small fleet: after every commit the table routes exactly what the model may have routed. */
class RouteTableWorldsTest {
    private static final int STEPS = 2_000;
    private static final Reason REASON = new Reason(ReasonCode.REPLACED, "replaced");

    private final Map<String, DesiredVm> jobs = new TreeMap<>();
    private final Map<String, MicroVm> vms = new TreeMap<>();
    private final RouteTable table = new RouteTable();
    private long seq;
    private int born;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
    void routesAreWhatTheModelSaysAfterEveryCommit(long seed) {
        var random = new Random(seed);
        for (var step = 0; step < STEPS; step++) {
            if (random.nextInt(200) == 0) {
                table.load(world());
            } else {
                table.apply(change(random));
            }
            assertRoutesEqualTheModel();
        }
    }

    private void assertRoutesEqualTheModel() {
        for (var n = 0; n < 6; n++) {
            var jobId = "job-" + n;
            var job = jobs.get(jobId);
            var known = job != null && job.spec().lifecycle() == Lifecycle.SERVICE;
            var route = table.find(jobId + ".local");
            assertThat(route.isPresent()).as(jobId).isEqualTo(known);
            route.ifPresent(found -> assertThat(found.backends().stream().map(Backend::vmId))
                    .as(jobId)
                    .containsExactlyInAnyOrderElementsOf(servingOf(jobId)));
        }
    }

    private List<String> servingOf(String jobId) {
        return vms.values().stream()
                .filter(MicroVm::serving)
                .filter(vm -> vm.owner().jobId().equals(jobId))
                .map(MicroVm::vmId)
                .toList();
    }

    private Changes change(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> putJob(random);
            case 1 -> deleteJob(random);
            case 2 -> addWarm();
            case 3 -> attach(random);
            default -> move(random);
        };
    }

    private Changes putJob(Random random) {
        var lifecycle = random.nextInt(4) == 0 ? Lifecycle.DAEMON : Lifecycle.SERVICE;
        var host = random.nextBoolean() ? "www.example.com" : null;
        var job = Samples.job("job-" + random.nextInt(6), Samples.spec(lifecycle, 3, host));
        jobs.put(job.jobId(), job);
        return changes(List.of(job), List.of(), List.of(), List.of());
    }

    private Changes deleteJob(Random random) {
        var job = jobs.remove("job-" + random.nextInt(6));
        if (job == null) {
            return Changes.NONE;
        }
        var leaving = new ArrayList<MicroVm>();
        for (var vm : List.copyOf(vms.values())) {
            if (vm.owner() != null
                    && vm.owner().jobId().equals(job.jobId())
                    && vm.state() instanceof VmState.Live live) {
                leaving.add(put(vm.with(live.toStopping(Samples.NOW, Samples.NOW, REASON))));
            }
        }
        return changes(List.of(), List.of(job), leaving, List.of());
    }

    private Changes addWarm() {
        return changes(List.of(), List.of(), List.of(put(Samples.vm("vm-" + born++, null, Samples.warm()))), List.of());
    }

    private Changes attach(Random random) {
        var jobId = "job-" + random.nextInt(6);
        var warm = vms.values().stream().filter(MicroVm::claimable).findFirst();
        if (warm.isEmpty() || !jobs.containsKey(jobId)) {
            return Changes.NONE;
        }
        // Some have still to hear of it.
        var state = random.nextInt(3) == 0 ? warm.get().state() : Samples.running();
        var attached = warm.get().with(Samples.owner(jobId, random.nextInt(3)), state);
        return changes(List.of(), List.of(), List.of(put(attached)), List.of());
    }

    private Changes move(Random random) {
        if (vms.isEmpty()) {
            return Changes.NONE;
        }
        var vm = List.copyOf(vms.values()).get(random.nextInt(vms.size()));
        if (vm.phase().ended()) {
            vms.remove(vm.vmId());
            return changes(List.of(), List.of(), List.of(), List.of(vm));
        }
        if (vm.attaching() && random.nextBoolean()) {
            return changes(List.of(), List.of(), List.of(put(vm.with(Samples.running()))), List.of());
        }
        return changes(List.of(), List.of(), List.of(put(vm.with(next(vm.state(), random)))), List.of());
    }

    private static VmState next(VmState state, Random random) {
        var live = (VmState.Live) state;
        var end = Samples.NOW.plus(Duration.ofSeconds(1));
        if (state instanceof VmState.Running running) {
            return random.nextBoolean()
                    ? running.withHealth(!running.healthy(), Samples.NOW)
                    : running.toDraining(Samples.NOW, end, REASON);
        }
        return random.nextBoolean()
                ? live.toStopping(Samples.NOW, end, REASON)
                : live.toFailed(Samples.NOW, REASON, null);
    }

    private MicroVm put(MicroVm vm) {
        vms.put(vm.vmId(), vm);
        return vm;
    }

    private Stats world() {
        var views = jobs.values().stream()
                .map(job -> new JobView(
                        job,
                        vms.values().stream()
                                .filter(vm ->
                                        vm.owner() != null && vm.owner().jobId().equals(job.jobId()))
                                .collect(Collectors.toList()),
                        List.of()))
                .toList();
        return new Stats(seq, Map.of(), views, List.of());
    }

    private Changes changes(List<DesiredVm> jobs, List<DesiredVm> jobsGone, List<MicroVm> vms, List<MicroVm> vmsGone) {
        var event = new Event(++seq, Samples.NOW, EventType.VM_PHASE, null, null, null, Map.of());
        return new Changes(jobs, jobsGone, vms, vmsGone, List.of(), List.of(), List.of(event));
    }
}
