package dev.vmplane.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KnocksTest {
    private static final Key WEB = new Key.Job("web");
    private static final Key POOL = new Key.Pool(Samples.HASH);

    @Test
    void aJobKnocksForItselfAndItsPool() {
        assertThat(Knocks.of(jobs(List.of(Samples.service("web")), List.of()))).containsExactlyInAnyOrder(WEB, POOL);
    }

    @Test
    void aJobThatIsGoneKnocksForWhatItLeft() {
        assertThat(Knocks.of(jobs(List.of(), List.of(Samples.service("web"))))).containsExactlyInAnyOrder(WEB, POOL);
    }

    @Test
    void aJobThatChangedItsSpecKnocksForThePoolItLeft() {
        var event = new Event(
                1,
                Samples.NOW,
                EventType.JOB_CHANGED,
                "web",
                "web",
                null,
                Map.of("former_spec_hash", "hash-of-before"));
        var changes = new Changes(
                List.of(Samples.service("web")), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(event));

        assertThat(Knocks.of(changes)).containsExactlyInAnyOrder(WEB, POOL, new Key.Pool("hash-of-before"));
    }

    @Test
    void aWarmVmKnocksForItsPool() {
        assertThat(Knocks.of(vms(List.of(Samples.vm("vm-a", null, Samples.warm())), List.of())))
                .containsExactly(POOL);
    }

    @Test
    void aVmThatWasAttachedKnocksForItsJobAndForThePoolThatLostIt() {
        var attached = Samples.vm("vm-a", Samples.owner("web", 0), Samples.running());

        assertThat(Knocks.of(vms(List.of(attached), List.of()))).containsExactlyInAnyOrder(WEB, POOL);
    }

    @Test
    void aVmWhoseRowIsGoneKnocks() {
        var gone = Samples.vm("vm-a", Samples.owner("web", 0), Samples.running());

        assertThat(Knocks.of(vms(List.of(), List.of(gone)))).containsExactlyInAnyOrder(WEB, POOL);
    }

    @Test
    void aFailureOfAReplicaKnocksForItsJob() {
        assertThat(Knocks.of(retry(Retry.ofReplica("web", 12)))).containsExactly(WEB);
    }

    @Test
    void aFailureOfAWarmBootKnocksForItsPool() {
        assertThat(Knocks.of(retry(Retry.ofPool(Samples.HASH)))).containsExactly(POOL);
    }

    @Test
    void nothingKnocksForNothing() {
        assertThat(Knocks.of(Changes.NONE)).isEmpty();
    }

    private static Changes jobs(List<DesiredVm> there, List<DesiredVm> gone) {
        return new Changes(there, gone, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    private static Changes vms(List<MicroVm> there, List<MicroVm> gone) {
        return new Changes(List.of(), List.of(), there, gone, List.of(), List.of(), List.of());
    }

    private static Changes retry(String key) {
        var reason = new Reason(ReasonCode.VMM_DIED, "gone");
        var retry = new Retry(key, Samples.HASH, 1, Samples.NOW, Samples.NOW, reason);
        return new Changes(List.of(), List.of(), List.of(), List.of(), List.of(retry), List.of(), List.of());
    }
}
