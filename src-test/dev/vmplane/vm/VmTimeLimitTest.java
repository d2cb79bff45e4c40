package dev.vmplane.vm;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.PROCESS;
import static dev.vmplane.vm.VmRig.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Completion;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How long a job lets its VM run. */
@ExtendWith(VertxExtension.class)
class VmTimeLimitTest {
    private static final Completion MINUTE = new Completion(Duration.ofSeconds(60), null);
    private static final Reason TIMED_OUT =
            new Reason(ReasonCode.TIMED_OUT, "the program did not end within the 60 s that its job allows");

    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
        rig.ground.guestStarts();
    }

    @Test
    void aProgramThatRunsLongerThanItsJobAllowsIsEnded() {
        rig.job(MINUTE, Map.of()).running();
        // The next check, and the limit.
        rig.untilAlarms(2);
        rig.guest.answers(200);

        rig.time.advance(Duration.ofSeconds(60));

        assertThat(rig.gone().state().reason()).isEqualTo(TIMED_OUT);
        assertThat(rig.phase()).isEqualTo(Phase.FAILED);
    }

    @Test
    void theTimeThatItRanUnderAFormerControlPlaneCounts() {
        rig.job(MINUTE, Map.of());

        // The next check, and the limit.
        rig.adopt(OWNER, new VmState.Running(NOW.minusSeconds(61), PROCESS, true), Inspection.RUNNING);
        rig.untilAlarms(2);
        rig.time.advance(Duration.ZERO);

        assertThat(rig.gone().state().reason()).isEqualTo(TIMED_OUT);
    }

    @Test
    void aJobThatSaysNothingLetsItsVmRun() {
        rig.running();
        rig.untilAlarms(1);

        rig.time.advance(Duration.ofDays(1));
        rig.check(200);

        rig.untilAlarms(1);
        assertThat(rig.last().serving()).isTrue();
    }
}
